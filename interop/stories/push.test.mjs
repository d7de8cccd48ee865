// The main job: a hook made with octokit gets every push of an attached git repository, verified, logged, replayable.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Checkout } from "../lib/git.mjs";
import { Postrider, scratch } from "../lib/postrider.mjs";
import { full, rest } from "../lib/scene.mjs";
import { assertSchema } from "../lib/schemas.mjs";
import { VerifiedSink } from "../lib/sink.mjs";
import { eventually } from "../lib/wait.mjs";

const SECRET = "it's a secret";
const ZERO = "0".repeat(40);
const repo = { owner: "acme", repo: "widgets" };

test("pushes of an attached repository reach a verifying receiver, are listed, and one is redelivered", async (t) => {
  const server = await Postrider.start(t);
  await server.cli("user", "create", "alice");
  await server.cli("org", "create", "acme", "--owner", "alice");
  await server.cli("repo", "create", "acme/widgets");
  const token = await server.cli("token", "create", "--user", "alice", "--scopes", "repo,admin:repo_hook,events:write");
  const octokit = rest(server, token);

  const sink = await VerifiedSink.listen(t, { secret: SECRET });
  const { data: hook } = await octokit.rest.repos.createWebhook({
    ...repo,
    config: { url: sink.url(), content_type: "json", secret: SECRET },
    events: ["push", "create", "delete"],
  });
  const ping = await sink.event("ping");
  assert.equal(ping.payload.hook_id, hook.id);
  assertSchema("ping", ping.payload);

  const checkout = await Checkout.create(scratch(t));
  await server.cliAs(token, "git", "attach", "acme/widgets", "--path", checkout.bare);

  const commits = [];
  for (const message of ["First", "Second", "Third"]) commits.push(await checkout.commit(message));
  await checkout.push("main");
  await sink.event("push", 1);
  await checkout.git("push", "--quiet", "origin", "main:refs/heads/topic");
  await sink.event("push", 2);
  await checkout.git("tag", "-a", "v1.0", "-m", "One");
  await checkout.push("v1.0");
  await sink.event("push", 3);
  await checkout.push("--delete", "topic");
  await sink.event("push", 4);
  await sink.event("create", 3);
  await sink.event("delete", 1);

  const pushes = sink.matching((request) => request.event === "push").map((request) => request.payload);
  for (const request of sink.requests) assertSchema(request.event, request.payload);
  const by = (ref, deleted) => pushes.find((push) => push.ref === ref && push.deleted === deleted);

  const main = by("refs/heads/main", false);
  assert.equal(main.before, ZERO);
  assert.equal(main.after, commits[2]);
  assert.equal(main.created, true);
  assert.deepEqual(main.commits.map((commit) => commit.id), commits);
  assert.deepEqual(main.commits.map((commit) => commit.message), ["First", "Second", "Third"]);
  assert.deepEqual(main.commits[0].added, ["notes.txt"]);
  assert.deepEqual(main.commits[1].modified, ["notes.txt"]);
  assert.equal(main.head_commit.id, commits[2]);
  assert.equal(main.repository.full_name, "acme/widgets");

  const topic = by("refs/heads/topic", false);
  assert.deepEqual([topic.created, topic.commits, topic.head_commit.id], [true, [], commits[2]]);
  assert.equal(topic.base_ref, "refs/heads/main");
  const gone = by("refs/heads/topic", true);
  assert.deepEqual([gone.before, gone.after, gone.head_commit], [commits[2], ZERO, null]);
  const tag = by("refs/tags/v1.0", false);
  assert.equal(tag.after, await checkout.git("rev-parse", "v1.0"));
  assert.equal(tag.head_commit.id, commits[2]);

  const created = sink.matching((request) => request.event === "create").map(({ payload }) => [payload.ref_type, payload.ref]);
  assert.deepEqual(created.sort(), [["branch", "main"], ["branch", "topic"], ["tag", "v1.0"]]);
  const deleted = sink.matching((request) => request.event === "delete").map(({ payload }) => [payload.ref_type, payload.ref]);
  assert.deepEqual(deleted, [["branch", "topic"]]);
  assert.deepEqual(sink.refused, []);
  assert.equal(new Set(sink.requests.map((request) => request.guid)).size, sink.requests.length, "each event has its own GUID");

  const at = { ...repo, hook_id: hook.id };
  const log = await eventually("nine deliveries in the log", async () => {
    const all = await octokit.paginate(octokit.rest.repos.listWebhookDeliveries, { ...at, per_page: 4 });
    return all.length >= 9 && all;
  });
  assert.equal(log.length, 9);
  assert.deepEqual(log.map((item) => item.guid).sort(), sink.requests.map((request) => request.guid).sort());
  assert.ok(log.every((item) => item.status === "OK" && item.status_code === 200 && item.redelivery === false));

  const first = sink.matching((request) => request.payload.ref === "refs/heads/main" && request.event === "push")[0];
  const item = log.find((entry) => entry.guid === first.guid);
  const again = await full(server, token).rest.repos.redeliverWebhookDelivery({ ...at, delivery_id: item.id });
  assert.equal(again.status, 202);
  assert.deepEqual(again.data, {});
  const [, second] = await sink.until("the redelivery", (request) => request.guid === first.guid, 2);
  assert.deepEqual(second.body, first.body);
  assert.equal(second.headers["x-hub-signature-256"], first.headers["x-hub-signature-256"]);
  const redelivered = await eventually("the redelivery in the log", async () => {
    const { data } = await octokit.rest.repos.listWebhookDeliveries(at);
    return data.find((entry) => entry.redelivery);
  });
  assert.equal(redelivered.guid, first.guid);
  assert.notEqual(redelivered.id, item.id);

  const checks = JSON.parse(await server.cli("doctor", "--json", "--data-dir", server.data));
  assert.deepEqual(checks.filter(({ result }) => result !== "ok"), []);
  assert.match(checks.find(({ check }) => check === "every planned delivery is accounted for").detail, /planned 10, open 0, succeeded 10,/);
});
