// Webhooks of one git host become those of others: an app with `relay` on takes them in, the hooks of its repository hear of them.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { DataCenterHooks, bitbucketJs, dataCenter } from "../lib/bitbucket.mjs";
import { settled } from "../lib/builds.mjs";
import { acme, createHook } from "../lib/scene.mjs";
import { assertSchema } from "../lib/schemas.mjs";
import { SignedSink, VerifiedSink } from "../lib/sink.mjs";
import { assertCloudHeaders, assertDataCenterHeaders } from "../lib/verify.mjs";

const examples = createRequire(import.meta.url)("@octokit/webhooks-examples");
const SECRET = "what the hooks here sign with";
const HOST_SECRET = "what the git host signs with";
const ROCKET = { owner: "acme", repo: "rocket" };
const [OLD, NEW] = ["1".repeat(40), "2".repeat(40)];
/** What `relay` is for a host: how it names an event and its delivery, and how it signs. */
const HOSTS = {
  github: { event: "x-github-event", delivery: "x-github-delivery", signature: "x-hub-signature-256" },
  "bitbucket-v2": { event: "x-event-key", delivery: "x-request-uuid", signature: "x-hub-signature" },
  "bitbucket-server": { event: "x-event-key", delivery: "x-request-id", signature: "x-hub-signature" },
};
const CLOUD_EVENTS = ["repo:push", "pullrequest:created", "pullrequest:updated", "pullrequest:fulfilled"];
const DC_EVENTS = ["repo:refs_changed", "pr:opened", "pr:modified", "pr:merged"];

/** The app of acme/rocket, and a hook of each kind there with its receiver. */
async function rocket(t) {
  const scene = await acme(t);
  const { server, token, octokit } = scene;
  await server.must("POST", "/repos", { owner: "acme", name: "rocket" }, { token });
  const app = JSON.parse(await server.cliAs(token, "app", "create", "--owner", "acme", "--repo", "acme/rocket", "--relay", "--json"));
  await server.must("PATCH", `/apps/${app.slug}`, { webhook_secret: HOST_SECRET }, { token });

  const github = await VerifiedSink.listen(t, { secret: SECRET });
  const bitbucket = await SignedSink.listen(t, { secret: SECRET });
  await createHook(octokit, ROCKET, { url: github.url(), secret: SECRET }, { events: ["push", "pull_request", "issue_comment"] });
  await github.event("ping");
  const body = { url: bitbucket.url("/cloud"), description: "Relay", events: CLOUD_EVENTS, secret: SECRET };
  const { data: cloud } = await bitbucketJs(server, token).repositories.createWebhook({ workspace: "acme", repo_slug: "rocket", _body: body });
  const hooks = new DataCenterHooks(dataCenter(server, token), { repository: "rocket" });
  await hooks.create({ url: bitbucket.url("/dc"), events: DC_EVENTS, configuration: { secret: SECRET } });
  const at = (path, event, count = 1) => bitbucket.until(`${path} ${event}`, (request) => request.url === path && request.event === event, count);
  return { ...scene, app, github, bitbucket, cloud, at };
}

/** Sends what that host would send, signed as it signs. The answer's status is the trigger map's business: it is no error of ours. */
async function tell({ server, app }, provider, event, payload, { delivery = crypto.randomUUID(), secret = HOST_SECRET } = {}) {
  const body = JSON.stringify(payload);
  const names = HOSTS[provider];
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const headers = { "content-type": "application/json", [names.event]: event, [names.delivery]: delivery, [names.signature]: signature };
  const { pathname } = new URL(app.incoming_urls[provider]);
  const response = await fetch(server.url + pathname, { method: "POST", headers, body });
  await response.text();
  assert.ok(response.status < 500, `${provider} ${event}: ${response.status}`);
  return response.status;
}

/** An example of GitHub's own, edited. */
function example(name, fits, edit = () => {}) {
  const found = structuredClone(examples.find((event) => event.name === name).examples.find(fits));
  edit(found);
  return found;
}

/** A push to main at GitHub with one commit. */
function pushAtGitHub(edit = () => {}) {
  const person = { name: "Mona Ito", email: "mona@acme.test" };
  const commit = { id: NEW, tree_id: OLD, distinct: true, message: "Ignite", timestamp: "2026-01-02T10:00:00+09:00", author: person, committer: person, added: ["engine.rs"], removed: [], modified: [] };
  return example("push", () => true, (payload) => {
    Object.assign(payload, { ref: "refs/heads/main", before: OLD, after: NEW, created: false, deleted: false, forced: false, commits: [commit], head_commit: commit });
    edit(payload);
  });
}

/** What our own Cloud dialect makes of an example, which no server runs at. */
function fixture(dialect, name) {
  return JSON.parse(readFileSync(new URL(`../../crates/dialects/src/${dialect}/fixtures/${name}.json`, import.meta.url), "utf8"));
}

test("a push at GitHub reaches hooks of all three vendors in their own form, once, also when it is sent twice", async (t) => {
  const scene = await rocket(t);
  const { github, bitbucket, cloud, at } = scene;
  const delivery = crypto.randomUUID();
  await tell(scene, "github", "push", pushAtGitHub(), { delivery });
  await tell(scene, "github", "push", pushAtGitHub(), { delivery });
  // A later push: when it has arrived, a second message about the first would have, too.
  const later = pushAtGitHub((payload) => Object.assign(payload, { ref: "refs/heads/later" }));
  await tell(scene, "github", "push", later);

  const pushes = await github.until("pushes", ({ event }) => event === "push", 2);
  for (const { payload } of pushes) assertSchema("push", payload);
  const [first] = pushes.map(({ payload }) => payload).filter(({ ref }) => ref === "refs/heads/main");
  assert.deepEqual([first.repository.full_name, first.before, first.after], ["acme/rocket", OLD, NEW]);
  assert.equal(first.repository.html_url, `${scene.server.url}/acme/rocket`, "told as of this server");
  assert.deepEqual([first.sender.login, first.commits[0].added], ["Codertocat", ["engine.rs"]]);

  const inCloud = await at("/cloud", "repo:push", 2);
  assertCloudHeaders(inCloud[0], { event: "repo:push", hook: cloud.uuid, secret: SECRET });
  const main = inCloud.map(({ payload }) => payload.push.changes[0]).find((change) => change.new.name === "main");
  assert.deepEqual([main.old.target.hash, main.new.target.hash, main.commits[0].message], [OLD, NEW, "Ignite"]);
  const inDataCenter = await at("/dc", "repo:refs_changed", 2);
  assertDataCenterHeaders(inDataCenter[0], { event: "repo:refs_changed", secret: SECRET });
  const changes = inDataCenter.flatMap(({ payload }) => payload.changes);
  assert.deepEqual(changes.map(({ refId }) => refId).sort(), ["refs/heads/later", "refs/heads/main"]);
  assert.deepEqual([changes[0].fromHash, changes[0].toHash, changes[0].type], [OLD, NEW, "UPDATE"]);
  assert.deepEqual([github.matching(({ event }) => event === "push").length, bitbucket.requests.length], [2, 4], "each once");
  assert.deepEqual([github.refused, bitbucket.refused], [[], []]);
});

test("a push at Bitbucket Cloud or Data Center reaches GitHub hooks, one message per branch", async (t) => {
  const scene = await rocket(t);
  await tell(scene, "bitbucket-v2", "repo:push", fixture("bitbucket_cloud", "push.0.repo_push"));
  const pushes = await scene.github.until("pushes", ({ event }) => event === "push", 3);
  const refs = Object.fromEntries(pushes.map(({ payload }) => [payload.ref, payload]));
  assert.deepEqual(Object.keys(refs).sort(), ["refs/heads/main", "refs/heads/stop", "refs/tags/v1.4.0"]);
  for (const payload of Object.values(refs)) assertSchema("push", payload);
  const { commits } = refs["refs/heads/main"];
  assert.deepEqual(commits.map(({ message }) => message.split("\n")[0]), ["Teach the conveyor to stop", "Name the belt after its material"], "oldest first");
  assert.deepEqual([refs["refs/heads/stop"].deleted, refs["refs/tags/v1.4.0"].created], [true, true]);

  await tell(scene, "bitbucket-server", "repo:refs_changed", fixture("bitbucket_dc", "push.repo_refs_changed"));
  const again = await scene.github.until("pushes", ({ event }) => event === "push", 6);
  for (const { payload } of again) assertSchema("push", payload);
  assert.deepEqual(scene.github.refused, []);
});

test("a pull request is opened and merged at GitHub, and commented on, and both Bitbuckets hear of it", async (t) => {
  const scene = await rocket(t);
  const opened = example("pull_request", ({ action }) => action === "opened");
  await tell(scene, "github", "pull_request", opened);
  const [created] = await scene.at("/cloud", "pullrequest:created");
  const { pullrequest } = created.payload;
  assert.deepEqual([pullrequest.id, pullrequest.title, pullrequest.state], [opened.number, opened.pull_request.title, "OPEN"]);
  assert.equal(pullrequest.source.branch.name, opened.pull_request.head.ref);
  assert.equal(pullrequest.source.commit.hash, opened.pull_request.head.sha.slice(0, 12));
  const [inDataCenter] = await scene.at("/dc", "pr:opened");
  assert.equal(inDataCenter.payload.pullRequest.toRef.displayId, opened.pull_request.base.ref);

  const merged = example("pull_request", ({ action }) => action === "closed", (payload) => {
    Object.assign(payload.pull_request, { merged: true, state: "closed", merged_at: "2026-01-02T03:04:00Z", merge_commit_sha: NEW });
  });
  await tell(scene, "github", "pull_request", merged);
  const [fulfilled] = await scene.at("/cloud", "pullrequest:fulfilled");
  assert.deepEqual([fulfilled.payload.pullrequest.state, fulfilled.payload.pullrequest.merge_commit.hash], ["MERGED", NEW.slice(0, 12)]);
  const [mergedInDataCenter] = await scene.at("/dc", "pr:merged");
  assert.equal(mergedInDataCenter.payload.pullRequest.properties.mergeCommit.id, NEW);

  await tell(scene, "bitbucket-v2", "pullrequest:created", fixture("bitbucket_cloud", "pull_request.opened.0.pullrequest_created"));
  const requests = await scene.github.until("pull requests", ({ event }) => event === "pull_request", 3);
  for (const { payload } of requests) assertSchema("pull_request", payload);
  const told = requests.map(({ payload }) => `${payload.action} ${payload.number}`).sort();
  assert.deepEqual(told, [`closed ${merged.number}`, "opened 12", `opened ${opened.number}`].sort());
  await tell(scene, "bitbucket-v2", "pullrequest:comment_created", fixture("bitbucket_cloud", "pull_request_comment.edited.0.pullrequest_comment_updated"));
  const comment = await scene.github.event("issue_comment");
  assertSchema("issue_comment", comment.payload);
  assert.equal(comment.payload.comment.body, "Thank you all.");
});

test("what happened on this very server is not relayed, nor what nobody signed, nor anything once relay is off", async (t) => {
  const scene = await rocket(t);
  const { server, token, app, github } = scene;
  const own = (payload) => {
    const page = `${server.url}/acme/rocket`;
    Object.assign(payload.repository, { html_url: page, clone_url: `${page}.git`, url: page });
    payload.ref = "refs/heads/own";
  };
  await tell(scene, "github", "push", pushAtGitHub(own));
  const forged = pushAtGitHub((payload) => Object.assign(payload, { ref: "refs/heads/forged" }));
  assert.equal(await tell(scene, "github", "push", forged, { secret: "guessed" }), 401);
  await tell(scene, "github", "push", pushAtGitHub());
  const switched = await server.must("PATCH", `/apps/${app.slug}`, { relay: false }, { token });
  assert.equal(switched.relay, false);
  await tell(scene, "github", "push", pushAtGitHub((payload) => Object.assign(payload, { ref: "refs/heads/off" })));
  await server.must("PATCH", `/apps/${app.slug}`, { relay: true }, { token });
  await tell(scene, "github", "push", pushAtGitHub((payload) => Object.assign(payload, { ref: "refs/heads/on" })));
  const told = await github.until("pushes", ({ event }) => event === "push", 2);
  assert.deepEqual(told.map(({ payload }) => payload.ref).sort(), ["refs/heads/main", "refs/heads/on"]);
});

test("every push and pull request of @octokit/webhooks-examples is taken in, and what is told of it is what GitHub might have sent", async (t) => {
  const scene = await rocket(t);
  const count = (fits) => scene.github.matching(fits).length;
  let sent = 0;
  for (const name of ["push", "pull_request", "issue_comment"]) {
    for (const payload of examples.find((event) => event.name === name).examples) {
      await tell(scene, "github", name, payload);
      sent += 1;
    }
  }
  assert.ok(sent > 20, `${sent} examples`);
  await tell(scene, "github", "push", pushAtGitHub((payload) => Object.assign(payload, { ref: "refs/heads/last" })));
  await scene.github.until("the last", ({ event, payload }) => event === "push" && payload.ref === "refs/heads/last");
  await settled(scene.server);
  const relayed = scene.github.matching(({ event }) => event !== "ping");
  for (const { event, payload } of relayed) assertSchema(event, payload);
  assert.ok(count(({ event }) => event === "push") > 3 && count(({ event }) => event === "pull_request") > 5, "most are relayed");
  assert.deepEqual(scene.github.refused, []);
});
