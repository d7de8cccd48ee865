// Pushes by git, one row of the push table after the other: contract github section 6.3, checks 39, 41, 42; section 4.2.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Checkout } from "../lib/git.mjs";
import { scratch } from "../lib/postrider.mjs";
import { acme, createHook } from "../lib/scene.mjs";
import { assertSchema } from "../lib/schemas.mjs";
import { VerifiedSink } from "../lib/sink.mjs";
import { eventually } from "../lib/wait.mjs";

const ZERO = "0".repeat(40);
const SECRET = "table";
const b12 = (id) => id.slice(0, 12);

/** An attached repository whose pushes, creations and deletions arrive at `sink`. */
async function attached(t) {
  const scene = await acme(t);
  const { server, token, octokit, repo } = scene;
  const sink = await VerifiedSink.listen(t, { secret: SECRET });
  const hook = await createHook(octokit, repo, { url: sink.url(), secret: SECRET }, { events: ["push", "create", "delete"] });
  await sink.event("ping");
  const checkout = await Checkout.create(scratch(t));
  await server.cliAs(token, "git", "attach", "acme/widgets", "--path", checkout.bare);
  const { data: repository } = await octokit.rest.repos.get(repo);
  let seen = 0;
  /** The one push message of the last `git push`. */
  const nextPush = async () => {
    const request = await sink.event("push", ++seen);
    assertSchema("push", request.payload);
    return request.payload;
  };
  return { ...scene, sink, hook, checkout, nextPush, html: repository.html_url };
}

/** The columns of the push table. */
function row(push) {
  const { before, after, created, deleted, forced, base_ref, compare, commits, head_commit } = push;
  return { before, after, cdf: [created, deleted, forced].map(Number).join("/"), base_ref, compare, commits: commits.map(({ id }) => id), head: head_commit?.id ?? null };
}

test("checks 41, 42: each row of the push table, with create and delete beside it", async (t) => {
  const { sink, checkout, nextPush, html } = await attached(t);
  const compare = (range) => `${html}/compare/${range}`;

  const c1 = await checkout.commit("one");
  await checkout.push("main");
  assert.deepEqual(row(await nextPush()), {
    before: ZERO, after: c1, cdf: "1/0/0", base_ref: null, compare: `${html}/commit/${c1}`, commits: [c1], head: c1,
  }, "new branch, one new commit");

  const [c2, c3] = [await checkout.commit("two"), await checkout.commit("three")];
  await checkout.push("main");
  assert.deepEqual(row(await nextPush()), {
    before: c1, after: c3, cdf: "0/0/0", base_ref: null, compare: compare(`${b12(c1)}...${b12(c3)}`), commits: [c2, c3], head: c3,
  }, "fast-forward");

  await checkout.git("switch", "--quiet", "-c", "feature");
  const [c4, c5] = [await checkout.commit("four"), await checkout.commit("five")];
  await checkout.push("feature");
  assert.deepEqual(row(await nextPush()), {
    before: ZERO, after: c5, cdf: "1/0/0", base_ref: null, compare: compare(`${b12(c4)}^...${b12(c5)}`), commits: [c4, c5], head: c5,
  }, "new branch, n commits");

  await checkout.git("push", "--quiet", "origin", "feature:refs/heads/copy");
  assert.deepEqual(row(await nextPush()), {
    before: ZERO, after: c5, cdf: "1/0/0", base_ref: "refs/heads/feature", compare: compare("copy"), commits: [], head: c5,
  }, "new branch, no new commit");

  await checkout.git("reset", "--quiet", "--hard", c4);
  const c6 = await checkout.commit("six");
  await checkout.push("--force", "feature");
  assert.deepEqual(row(await nextPush()), {
    before: c5, after: c6, cdf: "0/0/1", base_ref: null, compare: compare(`${b12(c5)}...${b12(c6)}`), commits: [c6], head: c6,
  }, "force push");

  await checkout.git("tag", "light", c3);
  await checkout.push("light");
  assert.deepEqual(row(await nextPush()), {
    before: ZERO, after: c3, cdf: "1/0/0", base_ref: "refs/heads/main", compare: compare("light"), commits: [], head: c3,
  }, "new light tag");

  await checkout.git("tag", "-a", "v1", "-m", "One", c3);
  const object = await checkout.git("rev-parse", "v1");
  await checkout.push("v1");
  assert.deepEqual(row(await nextPush()), {
    before: ZERO, after: object, cdf: "1/0/0", base_ref: "refs/heads/main", compare: compare("v1"), commits: [], head: c3,
  }, "new annotated tag");

  await checkout.git("tag", "-f", "light", c1);
  await checkout.push("--force", "light");
  assert.deepEqual(row(await nextPush()), {
    before: c3, after: c1, cdf: "0/0/1", base_ref: null, compare: compare(`${b12(c3)}...${b12(c1)}`), commits: [], head: c1,
  }, "moved tag");

  await checkout.push("--delete", "copy");
  assert.deepEqual(row(await nextPush()), {
    before: c5, after: ZERO, cdf: "0/1/0", base_ref: null, compare: compare(`${b12(c5)}...${b12(ZERO)}`), commits: [], head: null,
  }, "deleted branch");
  await checkout.push("--delete", "light");
  assert.equal(row(await nextPush()).cdf, "0/1/0", "deleted tag");

  await sink.event("create", 5);
  await sink.event("delete", 2);
  const told = (event) => sink.matching((request) => request.event === event).map(({ payload }) => {
    assertSchema(event, payload);
    return `${payload.ref_type} ${payload.ref}`;
  });
  assert.deepEqual(told("create").sort(), ["branch copy", "branch feature", "branch main", "tag light", "tag v1"]);
  assert.deepEqual(told("delete").sort(), ["branch copy", "tag light"]);
  assert.deepEqual(sink.refused, []);
});

test("check 42: more than three tags in one push are not told, the branch beside them is", async (t) => {
  const { sink, checkout, nextPush } = await attached(t);
  const tip = await checkout.commit("one");
  for (const tag of ["a", "b", "c", "d"]) await checkout.git("tag", tag);
  await checkout.push("main", "a", "b", "c", "d");
  assert.equal((await nextPush()).after, tip);
  await checkout.push("--delete", "a", "b", "c");
  const gone = await sink.until("deleted tags", (request) => request.event === "delete", 3);
  assert.deepEqual(gone.map(({ payload }) => payload.ref).sort(), ["a", "b", "c"]);
  const refs = (event) => sink.matching((request) => request.event === event).map(({ payload }) => payload.ref).sort();
  assert.deepEqual(refs("create"), ["main"]);
  await sink.event("push", 4);
  assert.deepEqual(refs("push"), ["refs/heads/main", "refs/tags/a", "refs/tags/b", "refs/tags/c"]);
});

test("check 39: a test sends the latest push to a hook that takes pushes, and nothing to others", async (t) => {
  const { octokit, repo, hook, sink, checkout, nextPush } = await attached(t);
  const at = { ...repo, hook_id: hook.id };
  assert.equal((await octokit.rest.repos.testPushWebhook(at)).status, 204, "nothing was pushed yet");
  const tip = await checkout.commit("one");
  await checkout.push("main");
  const push = await nextPush();

  const other = await VerifiedSink.listen(t, { secret: SECRET });
  const issues = await createHook(octokit, repo, { url: other.url(), secret: SECRET }, { events: ["issues"] });
  await other.event("ping");
  assert.equal((await octokit.rest.repos.testPushWebhook({ ...repo, hook_id: issues.id })).status, 204);
  assert.equal((await octokit.rest.repos.testPushWebhook(at)).status, 204);
  const tested = await nextPush();
  assert.deepEqual([tested.ref, tested.after, tested.head_commit.id], ["refs/heads/main", tip, tip]);
  assert.equal(tested.repository.id, push.repository.id);
  assert.equal((await octokit.request("POST /repos/{owner}/{repo}/hooks/{hook_id}/test", at)).status, 204, "the old alias");
  await nextPush();

  await octokit.rest.repos.pingWebhook({ ...repo, hook_id: issues.id });
  await other.event("ping", 2);
  const pings = await eventually("the second ping in the log", async () => {
    const { data } = await octokit.rest.repos.listWebhookDeliveries({ ...repo, hook_id: issues.id });
    return data.length >= 2 && data;
  });
  assert.deepEqual(pings.map(({ event }) => event), ["ping", "ping"]);
  assert.deepEqual(sink.refused, []);
});
