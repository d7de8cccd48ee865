// Requests that no client library would send, and the error shapes that must come back.
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";

/** One request; the body may be text, bytes or nothing. Keeps reading an early answer to a body that is refused. */
export function send(base, method, path, { token, body, type = "application/json", headers = {} } = {}) {
  const url = new URL(base);
  const all = { ...(token && { authorization: `Bearer ${token}` }), ...(body !== undefined && { "content-type": type, "content-length": Buffer.byteLength(body) }), ...headers };
  return new Promise((resolve, reject) => {
    let answered = false;
    const call = httpRequest({ host: url.hostname, port: url.port, method, path, headers: all, agent: false }, (response) => {
      answered = true;
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    // The server may close its side while a body it refused is still being written.
    call.on("error", (error) => answered || reject(error));
    call.end(body);
  });
}

/** An error as GitHub words it: message, documentation_url, status as a string; errors only as a list. */
export function assertGitHubError(answer, label) {
  assert.ok(answer.status >= 400 && answer.status < 500, `${label}: ${answer.status} ${answer.text}`);
  assert.match(answer.headers["content-type"] ?? "", /^application\/json/, label);
  const body = JSON.parse(answer.text);
  assert.equal(typeof body.message, "string", label);
  assert.match(body.documentation_url ?? "", /^https:\/\/docs\.github\.com\//, `${label}: ${answer.text}`);
  assert.equal(body.status, String(answer.status), label);
  if ("errors" in body) assert.ok(Array.isArray(body.errors), label);
}

/** An error as Bitbucket Cloud words it: type, a message, and fields with lists of problems where some are at fault. */
export function assertCloudError(answer, label) {
  const { type, error } = bodyOf(answer, label);
  assert.equal(type, "error", label);
  assert.ok(typeof error.message === "string" && error.message, label);
  for (const problems of Object.values(error.fields ?? {})) assert.ok(Array.isArray(problems) && problems.length > 0, label);
}

/** An error as Bitbucket Data Center words it: a list of errors, each with its context and Java exception. */
export function assertDataCenterError(answer, label) {
  const { errors, ...rest } = bodyOf(answer, label);
  assert.deepEqual(rest, {}, label);
  assert.notEqual(errors.length, 0, label);
  for (const { context, message, exceptionName, ...more } of errors) {
    assert.deepEqual(more, {}, label);
    assert.ok(typeof message === "string" && message, label);
    for (const text of [context, exceptionName]) assert.ok(text === null || (typeof text === "string" && text), label);
  }
}

/** An error as Bitrise words it: a message, ended by a newline. */
export function assertBitriseError(answer, label) {
  const { message, errors = [], ...more } = bodyOf(answer, label);
  assert.deepEqual(more, {}, label);
  assert.ok(typeof message === "string" && message && Array.isArray(errors), label);
  assert.ok(answer.text.endsWith("}\n"), label);
}

function bodyOf(answer, label) {
  assert.ok(answer.status >= 400 && answer.status < 500, `${label}: ${answer.status} ${answer.text}`);
  assert.match(answer.headers["content-type"] ?? "", /^application\/json/, label);
  return JSON.parse(answer.text);
}

/** An error of /api/v1: one object with a code and a message. */
export function assertOwnError(answer, label) {
  assert.ok(answer.status >= 400 && answer.status < 500, `${label}: ${answer.status} ${answer.text}`);
  assert.match(answer.headers["content-type"] ?? "", /^application\/json/, label);
  const { error, ...rest } = JSON.parse(answer.text);
  assert.deepEqual(rest, {}, label);
  const codes = {
    bad_request: 400, unauthorized: 401, forbidden: 403, not_found: 404, method_not_allowed: 405, conflict: 409, too_large: 413,
    unsupported_media_type: 415, invalid: 422,
  };
  assert.equal(codes[error.code], answer.status, `${label}: ${answer.text}`);
  assert.ok(error.message, label);
}
