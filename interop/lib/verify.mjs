// What a delivery must look like on the wire (contracts github 3, bitbucket-datacenter 2, bitbucket-cloud 2), checked on raw requests.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const mac = (algorithm, secret, body) => `${algorithm}=${createHmac(algorithm, secret).update(body).digest("hex")}`;

/** Both signatures are those of the raw body under `secret`. */
export function assertSigned(request, secret) {
  assert.equal(request.headers["x-hub-signature"], mac("sha1", secret, request.body));
  assert.equal(request.headers["x-hub-signature-256"], mac("sha256", secret, request.body));
}

/** Neither signature is there. */
export function assertUnsigned(request) {
  assert.equal(request.headers["x-hub-signature"], undefined);
  assert.equal(request.headers["x-hub-signature-256"], undefined);
}

/** The headers every delivery of a hook has. */
export function assertHeaders(request, { hook, event, target, format = "json" }) {
  const { headers } = request;
  assert.equal(request.method, "POST");
  assert.equal(headers.accept, "*/*");
  assert.equal(headers["content-type"], format === "json" ? "application/json" : "application/x-www-form-urlencoded");
  assert.match(headers["user-agent"], /^GitHub-Hookshot\/[0-9a-f]{7}$/);
  assert.match(headers["x-github-delivery"], UUID);
  assert.equal(headers["x-github-event"], event);
  assert.equal(headers["x-github-hook-id"], String(hook));
  assert.equal(headers["x-github-hook-installation-target-type"], target.type);
  assert.equal(headers["x-github-hook-installation-target-id"], String(target.id));
  assert.equal(headers["content-length"], String(request.body.length));
  assert.equal(headers["transfer-encoding"], undefined);
}

/** The payload of a request of either format. */
export function payloadOf(request) {
  if (request.headers["content-type"] === "application/json") return JSON.parse(request.body);
  const fields = [...new URLSearchParams(request.body.toString())];
  assert.deepEqual(fields.map(([name]) => name), ["payload"]);
  return JSON.parse(fields[0][1]);
}

/** Either Bitbucket's signature: one header, named sha1 elsewhere, with a SHA-256 in it. */
export function assertHubSignature(request, secret) {
  assert.equal(request.headers["x-hub-signature"], mac("sha256", secret, request.body));
}

/** The headers of a Data Center delivery; a test request (`diagnostics:ping`) is never signed. */
export function assertDataCenterHeaders(request, { event, secret }) {
  const { headers } = request;
  assert.equal(request.method, "POST");
  assert.equal(headers["x-event-key"], event);
  assert.match(headers["x-request-id"], UUID);
  assert.equal(headers["content-type"], "application/json; charset=utf-8");
  assert.match(headers["user-agent"], /^Atlassian HttpClient [\d.]+ \/ Bitbucket-[\d.]+ \(\S+\) \/ Default$/);
  assert.equal(headers.accept, "*/*");
  assert.equal(headers["x-attempt-number"], undefined);
  assert.equal(headers["x-hook-uuid"], undefined);
  assertBody(request, secret);
}

/** The headers of a Cloud delivery; `hook` is the hook's uuid in braces. */
export function assertCloudHeaders(request, { event, hook, attempt = 1, secret }) {
  const { headers } = request;
  assert.equal(request.method, "POST");
  assert.equal(headers["x-event-key"], event);
  assert.equal(`{${headers["x-hook-uuid"]}}`, hook);
  assert.match(headers["x-request-uuid"], UUID);
  assert.equal(headers["x-attempt-number"], String(attempt));
  assert.equal(headers["user-agent"], "Bitbucket-Webhooks/2.0");
  assert.equal(headers["content-type"], "application/json");
  assertBody(request, secret);
}

function assertBody(request, secret) {
  assert.equal(request.headers["content-length"], String(request.body.length));
  assert.equal(request.body.includes("\n"), false, "one line");
  if (secret) assertHubSignature(request, secret);
  else assert.equal(request.headers["x-hub-signature"], undefined);
}
