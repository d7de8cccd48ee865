// The two Bitbucket surfaces as clients see them: alice's project ACME and her workspace acme, both with `widgets`.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createBitbucketCloudClient } from "@coderabbitai/bitbucket/cloud";
import { createBitbucketServerClient } from "@coderabbitai/bitbucket/server";
import bitbucket from "bitbucket";

const EVENTS = new URL("../../docs/events/", import.meta.url);

/** `@coderabbitai/bitbucket/server`; with token, or with what `headers` say. */
export function dataCenter(server, token, headers = {}) {
  return createBitbucketServerClient({ baseUrl: `${server.url}/rest`, headers: { ...(token && bearer(token)), ...headers } });
}

/** `@coderabbitai/bitbucket/cloud`. */
export function cloud(server, token, headers = {}) {
  return createBitbucketCloudClient({ baseUrl: `${server.url}/2.0`, headers: { ...(token && bearer(token)), ...headers } });
}

/** npm `bitbucket`. */
export function bitbucketJs(server, token) {
  return new bitbucket.Bitbucket({ baseUrl: `${server.url}/2.0`, auth: { token }, notice: false });
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** The body of an openapi-fetch call that must succeed. */
export async function done(call, status) {
  const { data, error, response } = await call;
  assert.ok(status ? response.status === status : response.ok, `${response.url}: ${response.status} ${JSON.stringify(error)}`);
  return data;
}

/** Status, headers and body of an openapi-fetch call that must fail. */
export async function refused(call) {
  const { error, response } = await call;
  assert.ok(!response.ok, `${response.url} was answered ${response.status}`);
  return { status: response.status, headers: response.headers, body: error };
}

/** Calls of one list of Data Center hooks: those of `widgets`, of another repository, or of the project. */
export class DataCenterHooks {
  constructor(client, { version = "latest", repository = "widgets" } = {}) {
    const scope = repository ? "/repos/{repositorySlug}" : "";
    this.list = `/api/${version}/projects/{projectKey}${scope}/webhooks`;
    this.path = repository ? { projectKey: "ACME", repositorySlug: repository } : { projectKey: "ACME" };
    this.client = client;
  }

  call(method, rest = "", { id, query, body } = {}) {
    const params = { path: id === undefined ? this.path : { ...this.path, webhookId: id }, query };
    return this.client[method](this.list + (id === undefined ? "" : "/{webhookId}") + rest, { params, body });
  }

  /** Creates a hook; the events are pushes unless given. */
  create(hook) {
    return done(this.call("POST", "", { body: { name: "hook", events: ["repo:refs_changed"], ...hook } }), 201);
  }

  get = (id, query) => done(this.call("GET", "", { id, query }));
  update = (id, body) => done(this.call("PUT", "", { id, body }));
  delete = (id) => done(this.call("DELETE", "", { id }), 204);
  page = (query) => done(this.call("GET", "", { query }));
  /** The newest invocation; nothing (204) if there is none. */
  latest = async (id, query) => {
    const { data, response } = await this.call("GET", "/latest", { id, query });
    assert.ok([200, 204].includes(response.status), `latest: ${response.status}`);
    return response.status === 204 ? undefined : data;
  };
  statistics = (id, query) => done(this.call("GET", "/statistics", { id, query }));
  summary = (id) => done(this.call("GET", "/statistics/summary", { id }));
  test = (query, body = {}) => done(this.call("POST", "/test", { query, body }));
}

/** A canonical event of docs/events, to be published. */
export function canonical(name) {
  return JSON.parse(readFileSync(new URL(`${name}.json`, EVENTS), "utf8"));
}

/** Publishes a Data Center or Cloud event of `widgets` as it is: `key` names both its type and its payload. */
export function publish(server, dialect, key, data = {}, { source = "/repos/acme/widgets", ...options } = {}) {
  return server.publish(`${dialect}.${key}`, source, data, options);
}

/** What an own hook of either dialect is made of, for settings the vendor's API does not have. */
export function ownHook(server, dialect, hook) {
  return server.must("POST", "/hooks", { scope: "/repos/acme/widgets", dialect, ...hook });
}
