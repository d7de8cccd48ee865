// One git push, told in three vendors' words: hooks of GitHub, Bitbucket Cloud and Bitbucket Data Center side by side.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DataCenterHooks, bitbucketJs, dataCenter } from "../lib/bitbucket.mjs";
import { Checkout } from "../lib/git.mjs";
import { scratch } from "../lib/postrider.mjs";
import { acme, createHook } from "../lib/scene.mjs";
import { assertSchema } from "../lib/schemas.mjs";
import { SignedSink, VerifiedSink } from "../lib/sink.mjs";
import { assertCloudHeaders, assertDataCenterHeaders } from "../lib/verify.mjs";

const SECRET = "three in one";
const ZERO = "0".repeat(40);

/** Hooks of every kind that a push to acme/widgets concerns, each made with its vendor's client, and their receivers. */
async function everyHook(t) {
  const scene = await acme(t);
  const { server, token, octokit, repo } = scene;
  const github = await VerifiedSink.listen(t, { secret: SECRET });
  const bitbucket = await SignedSink.listen(t, { secret: SECRET });
  const hook = await createHook(octokit, repo, { url: github.url(), secret: SECRET }, { events: ["push"] });
  await github.event("ping");

  const npm = bitbucketJs(server, token);
  const cloudHook = (path) => ({ url: bitbucket.url(path), description: path, events: ["repo:push"], secret: SECRET });
  const { data: cloud } = await npm.repositories.createWebhook({ workspace: "acme", repo_slug: "widgets", _body: cloudHook("/cloud/repository") });
  const { data: workspace } = await npm.workspaces.createWebhookForWorkspace({ workspace: "acme", _body: cloudHook("/cloud/workspace") });

  const client = dataCenter(server, token);
  const dcHook = (path) => ({ url: bitbucket.url(path), configuration: { secret: SECRET } });
  await new DataCenterHooks(client).create(dcHook("/dc/repository"));
  await new DataCenterHooks(client, { repository: null }).create(dcHook("/dc/project"));

  const uuids = { "/cloud/repository": cloud.uuid, "/cloud/workspace": workspace.uuid };
  const at = (path, count) => bitbucket.until(path, ({ url }) => url === path, count).then((found) => found[count - 1]);
  return { ...scene, hook, github, bitbucket, uuids, at };
}

test("a push of a branch and a tag arrives once per hook, in each vendor's form, verified by its receiver", async (t) => {
  const { server, token, hook, github, bitbucket, uuids, at } = await everyHook(t);
  const checkout = await Checkout.create(scratch(t));
  await server.cliAs(token, "git", "attach", "acme/widgets", "--path", checkout.bare);
  const commits = [];
  for (const message of ["First", "Second", "Third"]) commits.push(await checkout.commit(message));
  await checkout.git("tag", "v1");
  await checkout.push("main", "v1");
  const tip = commits[2];
  const newestFirst = [...commits].reverse();

  const pushes = await github.until("pushes", ({ event }) => event === "push", 2);
  for (const { payload, headers } of pushes) {
    assertSchema("push", payload);
    assert.equal(headers["x-github-hook-id"], String(hook.id));
  }
  assert.deepEqual(pushes.map(({ payload }) => payload.ref).sort(), ["refs/heads/main", "refs/tags/v1"]);
  assert.deepEqual(pushes.find(({ payload }) => payload.ref === "refs/heads/main").payload.commits.map(({ id }) => id), commits);

  for (const [path, uuid] of Object.entries(uuids)) {
    const request = await at(path, 1);
    assertCloudHeaders(request, { event: "repo:push", hook: uuid, secret: SECRET });
    const { push, repository, actor } = request.payload;
    assert.equal(repository.full_name, "acme/widgets");
    assert.deepEqual([actor.display_name, actor.nickname, "username" in actor], ["Alice Doe", "alice", false]);
    const changes = Object.fromEntries(push.changes.map((change) => [change.new.name, change]));
    assert.deepEqual(Object.keys(changes).sort(), ["main", "v1"]);
    assert.deepEqual([changes.main.old, changes.main.created, changes.main.closed, changes.main.forced], [null, true, false, false]);
    assert.deepEqual([changes.main.new.type, changes.main.new.target.hash, changes.v1.new.type], ["branch", tip, "tag"]);
    assert.deepEqual(changes.main.commits.map(({ hash }) => hash), newestFirst);
    assert.equal(changes.main.commits[0].message.trimEnd(), "Third");
  }

  for (const path of ["/dc/repository", "/dc/project"]) {
    const request = await at(path, 1);
    assertDataCenterHeaders(request, { event: "repo:refs_changed", secret: SECRET });
    const { eventKey, actor, repository, changes } = request.payload;
    assert.deepEqual([eventKey, actor.name, actor.displayName], ["repo:refs_changed", "alice", "Alice Doe"]);
    assert.deepEqual([repository.slug, repository.project.key], ["widgets", "ACME"]);
    const by = Object.fromEntries(changes.map((change) => [change.refId, change]));
    assert.deepEqual(Object.keys(by).sort(), ["refs/heads/main", "refs/tags/v1"]);
    assert.deepEqual(by["refs/heads/main"], { ref: { id: "refs/heads/main", displayId: "main", type: "BRANCH" }, refId: "refs/heads/main", fromHash: ZERO, toHash: tip, type: "ADD" });
    assert.equal(by["refs/tags/v1"].ref.type, "TAG");
  }

  await checkout.push("--delete", "v1");
  for (const path of Object.keys(uuids)) {
    const [change] = (await at(path, 2)).payload.push.changes;
    assert.deepEqual([change.new, change.closed, change.old.name], [null, true, "v1"]);
  }
  for (const path of ["/dc/repository", "/dc/project"]) {
    const [change] = (await at(path, 2)).payload.changes;
    assert.deepEqual([change.type, change.refId, change.toHash], ["DELETE", "refs/tags/v1", ZERO]);
  }
  const guids = bitbucket.requests.map(({ url, guid }) => `${url} ${guid}`);
  assert.deepEqual([guids.length, new Set(guids).size], [8, 8], "each request of a hook has its own UUID");
  assert.deepEqual([github.refused, bitbucket.refused], [[], []]);
});
