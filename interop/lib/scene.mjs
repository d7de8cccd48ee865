// The cast of most tests: alice owns the organization acme with its repositories; octokit acts for her.
import { Octokit as Rest } from "@octokit/rest";
import { Octokit as Full } from "octokit";
import { Postrider } from "./postrider.mjs";

/** The scopes of somebody who does everything with hooks and publishes. */
export const ALL_SCOPES = ["repo", "admin:repo_hook", "admin:org_hook", "admin:org", "delete_repo", "events:write", "events:read"];
/** Where nothing listens, yet hooks may point. */
export const DEAD_END = "http://127.0.0.1:1026";
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

/** A server with alice, acme, acme/widgets and acme/gadgets. */
export async function acme(t, options) {
  const server = await Postrider.start(t, options);
  await server.must("POST", "/users", { login: "alice", name: "Alice Doe", email: "alice@acme.test" });
  await server.must("POST", "/orgs", { login: "acme", owner: "alice" });
  const token = await tokenFor(server, "alice", ALL_SCOPES);
  for (const name of ["widgets", "gadgets"]) await server.must("POST", "/repos", { owner: "acme", name }, { token });
  const octokit = rest(server, token);
  return { server, token, octokit, repo: { owner: "acme", repo: "widgets" } };
}

/** A token of that user. */
export async function tokenFor(server, user, scopes) {
  return (await server.must("POST", "/tokens", { user, scopes })).token;
}

/** `@octokit/rest` against the server. */
export function rest(server, auth, prefix = "/api/v3") {
  return new Rest({ auth, baseUrl: server.url + prefix, log: QUIET });
}

/** `octokit`, the all-in-one client, without its waits between writes and its repeats of 5xx. */
export function full(server, auth, prefix = "/api/v3") {
  return new Full({ auth, baseUrl: server.url + prefix, log: QUIET, throttle: { enabled: false }, retry: { enabled: false } });
}

/** Creates a hook on `repo` and waits for nothing. */
export async function createHook(octokit, repo, config, more = {}) {
  const { data } = await octokit.rest.repos.createWebhook({ ...repo, config: { content_type: "json", ...config }, ...more });
  return data;
}

/** The error an octokit call must end in: its status and body. */
export async function refusal(call) {
  try {
    const answer = await call;
    throw new Error(`was answered ${answer.status} ${JSON.stringify(answer.data)}`);
  } catch (error) {
    if (error.status === undefined || !error.response) throw error;
    return { status: error.status, body: error.response.data, headers: error.response.headers };
  }
}
