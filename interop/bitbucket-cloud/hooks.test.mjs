// Cloud hooks with npm bitbucket and @coderabbitai/bitbucket: contract bitbucket-cloud sections 1 and 1.3.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { bitbucketJs, cloud, done, refused } from "../lib/bitbucket.mjs";
import { forSuite } from "../lib/postrider.mjs";
import { send } from "../lib/raw.mjs";
import { DEAD_END, acme, tokenFor } from "../lib/scene.mjs";

const HOOKS = "/repositories/{workspace}/{repo_slug}/hooks";
const BRACED = /^\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/;
const inRepo = (repo_slug = "widgets") => ({ params: { path: { workspace: "acme", repo_slug } } });

/** The error npm bitbucket must throw: its status and body. */
async function thrown(call) {
  try {
    await call;
  } catch (error) {
    if (error.status === undefined) throw error;
    return { status: error.status, body: error.error };
  }
  throw new Error("was answered");
}

describe("Cloud hooks", () => {
  let server;
  let token;
  let npm;
  let client;
  const t = forSuite();
  before(async () => {
    ({ server, token } = await acme(t));
    npm = bitbucketJs(server, token);
    client = cloud(server, token);
  });
  const url = () => `${DEAD_END}/${crypto.randomUUID()}`;
  const repository = async (name, options = {}) => {
    await server.must("POST", "/repos", { owner: "acme", name, ...options });
    return { workspace: "acme", repo_slug: name };
  };

  it("checks 11, 12 and 29: npm bitbucket creates, lists, edits and deletes; the 204 has a content type", async () => {
    const at = { workspace: "acme", repo_slug: "widgets" };
    const _body = { url: url(), description: "CI", events: ["repo:push", "pullrequest:created"], secret: "s", active: true };
    const { data: made, status, headers } = await npm.repositories.createWebhook({ ...at, _body });
    assert.equal(status, 201);
    assert.equal(headers.location, made.links.self.href);
    assert.match(made.uuid, BRACED);
    assert.deepEqual([made.type, made.subject_type, made.active, made.secret_set, made.secret], ["webhook_subscription", "repository", true, true, undefined]);
    assert.deepEqual([made.subject.type, made.subject.full_name], ["repository", "acme/widgets"]);
    const { data: list } = await npm.repositories.listWebhooks(at);
    assert.deepEqual(list.values.map(({ uuid }) => uuid), [made.uuid]);
    const { data: edited } = await npm.repositories.updateWebhook({ ...at, uid: made.uuid, _body: { ..._body, secret: undefined, description: "CD", events: ["repo:push"] } });
    assert.deepEqual([edited.uuid, edited.description, edited.events, edited.secret_set], [made.uuid, "CD", ["repo:push"], true]);
    assert.deepEqual((await npm.repositories.getWebhook({ ...at, uid: made.uuid })).data, edited);
    const gone = await npm.repositories.deleteWebhook({ ...at, uid: made.uuid });
    assert.equal(gone.status, 204);
    assert.match(gone.headers["content-type"], /^text\/html/);
    const again = await thrown(npm.repositories.deleteWebhook({ ...at, uid: made.uuid }));
    assert.deepEqual([again.status, again.body.type, typeof again.body.error.message], [404, "error", "string"]);
  });

  it("check 29: npm bitbucket does the same with a workspace's hooks", async () => {
    const { data: made } = await npm.workspaces.createWebhookForWorkspace({ workspace: "acme", _body: { url: url(), description: "All", events: ["repo:push"] } });
    assert.deepEqual([made.subject_type, made.subject.type, made.subject.slug], ["workspace", "workspace", "acme"]);
    const { data: list } = await npm.workspaces.getWebhooksForWorkspace({ workspace: "acme" });
    assert.deepEqual(list.values.map(({ uuid }) => uuid), [made.uuid]);
    const one = { workspace: "acme", uid: made.uuid };
    const { data: edited } = await npm.workspaces.updateWebhookForWorkspace({ ...one, _body: { active: false, url: made.url, events: ["repo:fork"] } });
    assert.deepEqual([edited.active, edited.events, edited.description], [false, ["repo:fork"], "All"]);
    await npm.workspaces.deleteWebhookForWorkspace(one);
    assert.equal((await thrown(npm.workspaces.getWebhookForWorkspace(one))).status, 404);
  });

  it("check 29: @coderabbitai/bitbucket does it all, typed by Bitbucket's own description of its API", async () => {
    const made = await done(client.POST(HOOKS, { ...inRepo(), body: { url: url(), description: "typed", events: ["repo:push"] } }), 201);
    const at = { params: { path: { workspace: "acme", repo_slug: "widgets", uid: made.uuid } } };
    const edited = await done(client.PUT(`${HOOKS}/{uid}`, { ...at, body: { secret: "s" } }), 200);
    assert.deepEqual([edited.secret_set, edited.url, edited.events], [true, made.url, ["repo:push"]]);
    const cleared = await done(client.PUT(`${HOOKS}/{uid}`, { ...at, body: { secret: null } }), 200);
    assert.equal(cleared.secret_set, false);
    assert.deepEqual(await done(client.GET(`${HOOKS}/{uid}`, at)), cleared);
    await done(client.DELETE(`${HOOKS}/{uid}`, at), 204);
    assert.equal((await refused(client.GET(`${HOOKS}/{uid}`, at))).status, 404);
  });

  it("check 7: 25 hooks are three pages of 10, walked by next; 101 clamps to 100", async () => {
    const at = await repository("many");
    const made = [];
    for (let n = 0; n < 25; n += 1) {
      made.push((await npm.repositories.createWebhook({ ...at, _body: { url: url(), description: `${n}`, events: ["repo:push"] } })).data.uuid);
    }
    let { data: page } = await npm.repositories.listWebhooks({ ...at, pagelen: 10 });
    const pages = [page];
    while (npm.hasNextPage(page)) {
      assert.ok(page.next.startsWith(`${server.url}/2.0/repositories/acme/many/hooks?`), page.next);
      assert.match(page.next, /[?&]pagelen=10(&|$)/);
      ({ data: page } = await npm.getNextPage(page));
      pages.push(page);
    }
    assert.deepEqual(pages.map(({ values }) => values.length), [10, 10, 5]);
    assert.equal("next" in pages[2], false);
    assert.deepEqual(pages.flatMap(({ values }) => values.map(({ uuid }) => uuid)).sort(), [...made].sort());
    assert.equal((await npm.repositories.listWebhooks(at)).data.pagelen, 10);
    const { data: wide } = await npm.repositories.listWebhooks({ ...at, pagelen: 101 });
    assert.deepEqual([wide.pagelen, wide.values.length, "next" in wide], [100, 25, false]);
  });

  it("check 8: a slash at the end makes no difference", async () => {
    await repository("slash");
    const path = "/2.0/repositories/acme/slash/hooks";
    const body = JSON.stringify({ url: url(), events: ["repo:push"] });
    const made = await send(server.url, "POST", `${path}/`, { token, body });
    assert.equal(made.status, 201, made.text);
    const { uuid } = JSON.parse(made.text);
    for (const form of ["", "/"]) {
      const list = await send(server.url, "GET", path + form, { token });
      assert.deepEqual([list.status, JSON.parse(list.text).values.map((hook) => hook.uuid)], [200, [uuid]]);
      assert.equal((await send(server.url, "GET", `${path}/${encodeURIComponent(uuid)}${form}`, { token })).status, 200);
    }
  });

  it("check 13: non-admins, strangers and nobody are told apart", async () => {
    const hidden = await repository("hidden", { private: true });
    await server.must("POST", "/users", { login: "bob" });
    const bob = await tokenFor(server, "bob", ["repo", "admin:repo_hook", "admin:org_hook"]);
    const status = async (caller, path, parameters) => {
      const answer = await refused(caller.GET(path, parameters));
      assert.deepEqual([answer.body.type, typeof answer.body.error.message], ["error", "string"]);
      return answer.status;
    };
    assert.equal(await status(cloud(server, bob), HOOKS, inRepo()), 403);
    assert.equal(await status(cloud(server), HOOKS, inRepo()), 401);
    assert.equal(await status(cloud(server, "nonsense"), HOOKS, inRepo()), 401);
    assert.equal(await status(client, HOOKS, inRepo("nothing")), 404);
    assert.equal(await status(cloud(server, bob), HOOKS, inRepo(hidden.repo_slug)), 404);
    const workspace = { params: { path: { workspace: "acme" } } };
    assert.ok([403, 404].includes(await status(cloud(server, bob), "/workspaces/{workspace}/hooks", workspace)));
  });

  it("check 14: a token that only reads hooks cannot write them", async () => {
    const reader = cloud(server, await tokenFor(server, "alice", ["read:repo_hook"]));
    const writer = cloud(server, await tokenFor(server, "alice", ["write:repo_hook"]));
    await done(reader.GET(HOOKS, inRepo()), 200);
    const body = { url: url(), description: "scopes", events: ["repo:push"] };
    const answer = await refused(reader.POST(HOOKS, { ...inRepo(), body }));
    assert.equal(answer.status, 403);
    const made = await done(writer.POST(HOOKS, { ...inRepo(), body }), 201);
    const at = { params: { path: { ...inRepo().params.path, uid: made.uuid } } };
    assert.equal((await refused(writer.DELETE(`${HOOKS}/{uid}`, at))).status, 403);
    await done(cloud(server, await tokenFor(server, "alice", ["admin:repo_hook"])).DELETE(`${HOOKS}/{uid}`, at), 204);
  });

  it("check 17: a URL must lead to an address that may be called", async () => {
    for (const bad of ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://[fd00::1]/", "http://no-such-host.invalid/", "ftp://127.0.0.1/", "hook"]) {
      const answer = await refused(client.POST(HOOKS, { ...inRepo(), body: { url: bad, events: ["repo:push"] } }));
      assert.deepEqual([answer.status, answer.body.type, answer.body.error.fields.url.length], [400, "error", 1], bad);
    }
  });

  it("check 15: the event lists are public, and npm bitbucket reads them", async () => {
    const anonymous = cloud(server);
    const map = await done(anonymous.GET("/hook_events"));
    assert.deepEqual(Object.keys(map).sort(), ["repository", "workspace"]);
    const { data } = await npm.hook_events.list({ subject_type: "repository" });
    assert.ok(data.values.some(({ event, category, label }) => event === "repo:push" && category === "Repository" && label === "Push"));
    const { data: workspace, response } = await anonymous.GET("/hook_events/{subject_type}", { params: { path: { subject_type: "workspace" }, query: { pagelen: 100 } } });
    assert.equal(response.status, 200);
    assert.ok(workspace.values.some(({ event }) => event === "project:updated"));
    assert.equal((await refused(anonymous.GET("/hook_events/{subject_type}", { params: { path: { subject_type: "team" } } }))).status, 404);
  });
});
