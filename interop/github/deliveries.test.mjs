// What receivers get and what the log shows: contract github section 6.3, checks 13-15, 27-30, 32, 36, 37, 43.
import assert from "node:assert/strict";
import { test } from "node:test";
import { acme, createHook, refusal } from "../lib/scene.mjs";
import { assertSchema } from "../lib/schemas.mjs";
import { Sink } from "../lib/sink.mjs";
import { assertHeaders, assertSigned, assertUnsigned, payloadOf } from "../lib/verify.mjs";
import { eventually } from "../lib/wait.mjs";

const STAR = { action: "started", text: "héllo & wörld" };

/** The log of a hook once it has at least `count` entries, newest first. */
function log({ octokit, repo }, hook, count, query = {}) {
  return eventually(`${count} deliveries in the log`, async () => {
    const { data } = await octokit.rest.repos.listWebhookDeliveries({ ...repo, hook_id: hook.id, ...query });
    return data.length >= count && data;
  });
}

test("checks 27, 32: create pings; the receiver and the log agree about it", async (t) => {
  const scene = await acme(t);
  const { octokit, repo } = scene;
  const sink = await Sink.listen(t);
  const hook = await createHook(octokit, repo, { url: sink.url("/hook?a=b%20c"), secret: "s" });
  const ping = await sink.event("ping");
  const { data: repository } = await octokit.rest.repos.get(repo);
  assertHeaders(ping, { hook: hook.id, event: "ping", target: { type: "repository", id: repository.id } });
  assertSigned(ping, "s");
  assert.equal(ping.url, "/hook?a=b%20c");
  const payload = payloadOf(ping);
  assertSchema("ping", payload);
  assert.equal(payload.hook_id, hook.id);
  assert.deepEqual(payload.hook, hook);
  assert.ok(payload.zen);
  assert.equal(payload.repository.id, repository.id);

  const [item] = await log(scene, hook, 1);
  assert.deepEqual(
    { ...item, id: 0, delivered_at: "", duration: 0 },
    {
      id: 0, guid: ping.guid, delivered_at: "", redelivery: false, duration: 0, status: "OK", status_code: 200, event: "ping",
      action: null, installation_id: null, repository_id: repository.id, url: "", throttled_at: null,
    },
  );
  assert.ok(item.id < 2 ** 53);
  assert.match(item.delivered_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/);
  const { data: single } = await octokit.rest.repos.getWebhookDelivery({ ...repo, hook_id: hook.id, delivery_id: item.id });
  assert.equal(single.url, hook.config.url);
  assert.deepEqual(single.request.payload, payload);
  assert.equal(single.request.headers["X-GitHub-Event"], "ping");
  assert.equal(single.request.headers["X-Hub-Signature-256"], ping.headers["x-hub-signature-256"]);
  assert.equal(single.response.payload, "ok");
  const { data: read } = await octokit.rest.repos.getWebhook({ ...repo, hook_id: hook.id });
  assert.deepEqual(read.last_response, { code: 200, status: "active", message: "OK" });
});

test("checks 29, 30: form and json, signed over the raw body, or not at all without a secret", async (t) => {
  const { server, octokit, repo } = await acme(t);
  const sink = await Sink.listen(t);
  const hooks = {};
  for (const [path, config] of Object.entries({
    "/json": { content_type: "json", secret: "k" },
    "/form": { content_type: "form", secret: "k" },
    "/open": { content_type: "json" },
    "/open-form": { content_type: "form" },
  })) {
    hooks[path] = await createHook(octokit, repo, { url: sink.url(path), ...config }, { events: ["watch"] });
  }
  await server.publish("github.watch", "/repos/acme/widgets", STAR);
  await sink.event("watch", 4);
  for (const request of sink.requests) {
    const { config } = hooks[request.url];
    assert.equal(request.headers["content-type"], config.content_type === "json" ? "application/json" : "application/x-www-form-urlencoded");
    if (config.secret) assertSigned(request, "k");
    else assertUnsigned(request);
    if (request.event === "watch") assert.deepEqual(payloadOf(request), STAR);
  }
  const form = sink.requests.find((request) => request.url === "/form" && request.event === "watch");
  assert.equal(form.body.toString(), `payload=${encodeURIComponent(JSON.stringify(STAR)).replaceAll("%20", "+")}`);
});

test("checks 13, 14, 15: what an edit does to the secret shows in the next delivery", async (t) => {
  const { server, octokit, repo } = await acme(t);
  const sink = await Sink.listen(t);
  const hook = await createHook(octokit, repo, { url: sink.url(), secret: "first" }, { events: ["watch"] });
  const at = { ...repo, hook_id: hook.id };
  await sink.event("ping");
  let count = 0;
  const deliver = async () => {
    await server.publish("github.watch", "/repos/acme/widgets", STAR);
    return sink.event("watch", ++count);
  };
  await octokit.rest.repos.updateWebhook({ ...at, active: false });
  await octokit.rest.repos.updateWebhook({ ...at, active: true });
  assertSigned(await deliver(), "first");
  await octokit.rest.repos.updateWebhookConfigForRepo({ ...at, content_type: "form" });
  const form = await deliver();
  assertSigned(form, "first");
  assert.equal(form.headers["content-type"], "application/x-www-form-urlencoded");
  await octokit.rest.repos.updateWebhookConfigForRepo({ ...at, secret: "second" });
  assertSigned(await deliver(), "second");
  await octokit.rest.repos.updateWebhook({ ...at, config: { url: sink.url() } });
  assertUnsigned(await deliver());
});

test("check 36: two hooks share a GUID; a redelivery keeps it and the bytes, under a new id", async (t) => {
  const scene = await acme(t);
  const { server, octokit, repo } = scene;
  const [one, two] = [await Sink.listen(t), await Sink.listen(t)];
  const first = await createHook(octokit, repo, { url: one.url(), secret: "s" }, { events: ["watch"] });
  const second = await createHook(octokit, repo, { url: two.url(), secret: "s" }, { events: ["*"] });
  assert.equal((await server.publish("github.watch", "/repos/acme/widgets", STAR)).deliveries, 2);
  const [a, b] = [await one.event("watch"), await two.event("watch")];
  assert.equal(a.guid, b.guid);
  const watch = async (hook) => (await log(scene, hook, 2)).find(({ event }) => event === "watch");
  const item = await watch(first);
  assert.notEqual(item.id, (await watch(second)).id);
  assert.equal(item.action, "started");

  const at = { ...repo, hook_id: first.id, delivery_id: item.id };
  const answer = await octokit.rest.repos.redeliverWebhookDelivery(at);
  assert.deepEqual([answer.status, answer.data], [202, {}]);
  const again = await one.event("watch", 2);
  assert.deepEqual([again.guid, again.body], [a.guid, a.body]);
  assertSigned(again, "s");
  const [newest] = await log(scene, first, 3);
  assert.deepEqual([newest.guid, newest.redelivery, newest.id === item.id], [a.guid, true, false]);
  assert.equal(two.matching(({ event }) => event === "watch").length, 1);

  assert.equal((await refusal(octokit.rest.repos.redeliverWebhookDelivery({ ...at, delivery_id: 1 }))).status, 404);
  const stranger = await refusal(octokit.rest.repos.getWebhookDelivery({ ...at, hook_id: second.id }));
  assert.equal(stranger.status, 404, "a delivery answers under its own hook only");
});

test("check 37: the log pages by cursor, newest first, and filters by status", async (t) => {
  const scene = await acme(t);
  const { server, octokit, repo } = scene;
  const sink = await Sink.listen(t, {
    answer: (request, response) => response.writeHead(request.event === "watch" && JSON.parse(request.body).fail ? 500 : 200).end(),
  });
  const hook = await createHook(octokit, repo, { url: sink.url() }, { events: ["watch"] });
  await sink.event("ping");
  for (let n = 0; n < 5; n += 1) await server.publish("github.watch", "/repos/acme/widgets", { action: "started", fail: n === 2 });
  await sink.event("watch", 5);
  const all = await log(scene, hook, 6);
  assert.deepEqual([...all].sort((a, b) => b.id - a.id), all, "newest first");
  const at = { ...repo, hook_id: hook.id };
  const pages = await octokit.paginate(octokit.rest.repos.listWebhookDeliveries, { ...at, per_page: 1 });
  assert.deepEqual(pages.filter(({ id }) => id <= all[0].id), all);
  const { headers } = await octokit.rest.repos.listWebhookDeliveries({ ...at, per_page: 2 });
  assert.match(headers.link, /^<[^<>,]+[?&]cursor=[^<>,]+>; rel="next"$/);
  assert.doesNotMatch(headers.link, /rel="last"/);

  const list = async (query) => (await octokit.request("GET /repos/{owner}/{repo}/hooks/{hook_id}/deliveries", { ...at, ...query })).data;
  const failed = await list({ status: "failure" });
  assert.ok(failed.length > 0);
  assert.ok(failed.every((item) => item.status_code === 500 && item.status === "Invalid HTTP Response: 500"));
  assert.ok((await list({ status: "success" })).every((item) => item.status_code === 200));
  assert.equal((await refusal(list({ status: "nonsense" }))).status, 422);
  assert.ok([400, 422].includes((await refusal(list({ cursor: "!" }))).status));
});

test("check 43: an inactive hook gets nothing, and answers an explicit ping", async (t) => {
  const { server, octokit, repo } = await acme(t);
  const sink = await Sink.listen(t);
  const hook = await createHook(octokit, repo, { url: sink.url() }, { events: ["*"], active: false });
  assert.equal((await server.publish("github.watch", "/repos/acme/widgets", STAR)).deliveries, 0);
  const pinged = await octokit.rest.repos.pingWebhook({ ...repo, hook_id: hook.id });
  assert.equal(pinged.status, 204);
  await sink.event("ping");
  assert.deepEqual(sink.requests.map(({ event }) => event), ["ping"]);
});

test("check 28: an organization's hook gets its repositories' events; its ping names the organization", async (t) => {
  const { octokit, server, repo } = await acme(t);
  const sink = await Sink.listen(t);
  const body = { scope: "/orgs/acme", dialect: "github", url: sink.url(), content_type: "json", events: ["watch"] };
  const hook = await server.must("POST", "/hooks", body);
  await server.must("POST", `/hooks/${hook.id}/pings`);
  const ping = await sink.event("ping");
  const { data: org } = await octokit.rest.orgs.get({ org: "acme" });
  assertHeaders(ping, { hook: hook.id, event: "ping", target: { type: "organization", id: org.id } });
  const payload = payloadOf(ping);
  assert.deepEqual([payload.organization.login, payload.repository], ["acme", undefined]);
  assertSchema("ping", payload);
  await server.publish("github.watch", "/repos/acme/widgets", STAR);
  await sink.event("watch");
  assert.deepEqual((await octokit.rest.repos.listWebhooks(repo)).data, []);
});
