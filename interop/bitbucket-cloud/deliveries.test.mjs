// Deliveries of Cloud hooks: contract bitbucket-cloud section 2, checks 3, 16, 18, 20 to 24, 26.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bitbucketJs, canonical, ownHook, publish } from "../lib/bitbucket.mjs";
import { acme } from "../lib/scene.mjs";
import { SignedSink, Sink } from "../lib/sink.mjs";
import { selfSigned } from "../lib/tls.mjs";
import { assertCloudHeaders, assertHubSignature } from "../lib/verify.mjs";
import { eventually } from "../lib/wait.mjs";

const DIALECT = "bitbucket_cloud";
/** Cloud's own retries: two more at once after a 5xx. */
const VENDOR = { POSTRIDER_DELIVERY__RETRIES: "vendor" };
const widgets = { workspace: "acme", repo_slug: "widgets" };

async function scene(t, options) {
  const { server, token } = await acme(t, options);
  const npm = bitbucketJs(server, token);
  const create = async (hook, at = widgets) => {
    const { data } = await npm.repositories.createWebhook({ ...at, _body: { description: "hook", events: ["repo:push"], ...hook } });
    return data;
  };
  return { server, npm, create };
}

/** The hook's attempts in the log, oldest first, when there are `count`. */
async function attempts(server, hook, count) {
  const { items: hooks } = await server.must("GET", "/hooks?scope=/repos/acme/widgets&limit=200");
  const { id } = hooks.find(({ uid }) => `{${uid}}` === (hook.uuid ?? `{${hook.uid}}`));
  return eventually(`${count} attempts`, async () => {
    const { items } = await server.must("GET", `/hooks/${id}/deliveries`);
    return items.length >= count && items[0].state !== "open" && items.reverse();
  });
}

test("check 16: a workspace hook gets the events of every repository, a repository's hook its own", async (t) => {
  const { server, npm, create } = await scene(t);
  const sink = await Sink.listen(t);
  await create({ url: sink.url("/repository") });
  const { data: hook } = await npm.workspaces.createWebhookForWorkspace({ workspace: "acme", _body: { url: sink.url("/workspace"), description: "all", events: ["repo:push"] } });
  assert.equal(hook.subject_type, "workspace");
  for (const source of ["/repos/acme/widgets", "/repos/acme/gadgets"]) await server.publish("push", source, canonical("push"));
  await sink.until("three deliveries", () => true, 3);
  const seen = sink.requests.map(({ url, body }) => `${url} ${JSON.parse(body).repository.full_name}`).sort();
  assert.deepEqual(seen, ["/repository acme/widgets", "/workspace acme/gadgets", "/workspace acme/widgets"]);
});

test("checks 3, 18 and 26: headers, signature and people; the secret is kept, replaced and removed as PUT says", async (t) => {
  const { server, npm, create } = await scene(t);
  const sink = await Sink.listen(t);
  const hook = await create({ url: sink.url(), secret: "first" });
  const push = async () => {
    const count = sink.requests.length;
    await server.publish("push", "/repos/acme/widgets", { ...canonical("push"), pusher: { login: "alice" } });
    return (await sink.until("a push", () => true, count + 1))[count];
  };
  const put = (_body) => npm.repositories.updateWebhook({ ...widgets, uid: hook.uuid, _body });
  const first = await push();
  assertCloudHeaders(first, { event: "repo:push", hook: hook.uuid, secret: "first" });
  const { actor, repository } = JSON.parse(first.body);
  for (const name of ["nickname", "account_id", "uuid", "display_name"]) assert.equal(typeof actor[name], "string", name);
  assert.equal("username" in actor, false);
  assert.deepEqual([actor.type, actor.display_name, repository.full_name], ["user", "Alice Doe", "acme/widgets"]);
  await put({ description: "kept" });
  assertHubSignature(await push(), "first");
  await put({ secret: "second" });
  assertHubSignature(await push(), "second");
  await put({ secret: "" });
  assertCloudHeaders(await push(), { event: "repo:push", hook: hook.uuid });
  await put({ secret: "third" });
  assertHubSignature(await push(), "third");
  await put({ secret: null });
  assertCloudHeaders(await push(), { event: "repo:push", hook: hook.uuid });
});

test("check 20: after a 5xx two more attempts at once, with the same body and request uuid, then no more", async (t) => {
  const { server, create } = await scene(t, { env: VENDOR });
  const sink = await SignedSink.listen(t, {
    secret: "s",
    answer: ({ url, headers }, response) => response.writeHead(url === "/heals" && headers["x-attempt-number"] === "3" ? 200 : 500).end(),
  });
  const hooks = {};
  for (const path of ["/heals", "/fails"]) hooks[path] = await create({ url: sink.url(path), secret: "s" });
  await publish(server, DIALECT, "repo:push", { text: "five hundred" });
  for (const [path, hook] of Object.entries(hooks)) {
    const log = await attempts(server, hook, 3);
    assert.deepEqual(log.map(({ status }) => status), path === "/heals" ? [500, 500, 200] : [500, 500, 500]);
    const requests = sink.matching(({ url }) => url === path);
    assert.equal(requests.length, 3);
    requests.forEach((request, n) => assertCloudHeaders(request, { event: "repo:push", hook: hook.uuid, attempt: n + 1, secret: "s" }));
    assert.equal(new Set(requests.map(({ body }) => body.toString())).size, 1);
    assert.equal(new Set(requests.map(({ guid }) => guid)).size, 1);
  }
});

test("check 21: anything but a 5xx is tried once: a 404, a redirect, no answer, nobody there", async (t) => {
  const { server } = await scene(t, { env: VENDOR });
  const sink = await Sink.listen(t, { answer: ({ url }, response) => url === "/mute" || response.writeHead(Number(url.slice(1))).end() });
  const closed = await Sink.listen(t);
  await closed.close();
  const cases = [[sink.url("/404"), "answered", 404], [sink.url("/302"), "answered", 302], [sink.url("/mute"), "timed_out", null], [closed.url(), "connect_failed", null]];
  const hooks = [];
  for (const [url, outcome] of cases) {
    hooks.push(await ownHook(server, DIALECT, { url, events: ["repo:push"], timeout: outcome === "timed_out" ? 1 : 30 }));
  }
  await publish(server, DIALECT, "repo:push");
  for (const [n, [url, outcome, status]] of cases.entries()) {
    const log = await attempts(server, hooks[n], 1);
    assert.deepEqual(log.map((attempt) => [attempt.outcome, attempt.status ?? null, attempt.state]), [[outcome, status, "failed"]], url);
  }
  assert.deepEqual(sink.requests.map(({ url }) => url).sort(), ["/302", "/404", "/mute"]);
});

test("check 22: with Cloud's limit switched on, a payload over 256 KB is not sent, and the log says why", async (t) => {
  const { server, create } = await scene(t, { env: { ...VENDOR, POSTRIDER_BITBUCKET_CLOUD__STRICT_PAYLOAD_LIMIT: "true" } });
  const sink = await Sink.listen(t);
  const hook = await create({ url: sink.url() });
  const frame = JSON.stringify({ pad: "" }).length;
  const pad = (size) => ({ pad: "x".repeat(size - frame) });
  await publish(server, DIALECT, "repo:push", pad(256 * 1024 + 1));
  const [skipped] = await attempts(server, hook, 1);
  assert.deepEqual([skipped.state, skipped.reason], ["skipped", "oversize"]);
  await publish(server, DIALECT, "repo:push", pad(256 * 1024));
  await sink.event("repo:push");
  assert.deepEqual(sink.requests.map(({ body }) => body.length), [256 * 1024]);
});

test("check 23: a self-signed certificate fails, unless the hook says skip_cert_verification", async (t) => {
  const { server, create } = await scene(t, { env: { POSTRIDER_DELIVERY__RETRIES: "none" } });
  const sink = await Sink.listen(t, { tls: selfSigned(t) });
  const strict = await create({ url: sink.url("/strict") });
  const lenient = await create({ url: sink.url("/lenient"), skip_cert_verification: true });
  assert.deepEqual([strict.skip_cert_verification, lenient.skip_cert_verification], [false, true]);
  await publish(server, DIALECT, "repo:push");
  assert.deepEqual((await attempts(server, strict, 1)).map(({ outcome }) => outcome), ["tls_failed"]);
  assert.deepEqual((await attempts(server, lenient, 1)).map(({ outcome, status }) => [outcome, status]), [["answered", 200]]);
  assert.deepEqual(sink.requests.map(({ url }) => url), ["/lenient"]);
});

test("check 24: history_enabled is kept; a delivery sent again has the next attempt number and the same body", async (t) => {
  const { server, npm, create } = await scene(t);
  const sink = await SignedSink.listen(t, { secret: "s" });
  const hook = await create({ url: sink.url(), secret: "s", history_enabled: true });
  assert.equal(hook.history_enabled, true);
  const { data: edited } = await npm.repositories.updateWebhook({ ...widgets, uid: hook.uuid, _body: { history_enabled: false } });
  assert.equal(edited.history_enabled, false);
  await publish(server, DIALECT, "repo:push", { text: "again" });
  const [first] = await attempts(server, hook, 1);
  await server.must("POST", `/deliveries/${first.id}/redeliver`);
  const requests = await sink.until("the second", () => true, 2);
  requests.forEach((request, n) => assertCloudHeaders(request, { event: "repo:push", hook: hook.uuid, attempt: n + 1, secret: "s" }));
  assert.deepEqual(requests[1].body, requests[0].body);
  assert.equal(requests[1].guid, requests[0].guid);
});
