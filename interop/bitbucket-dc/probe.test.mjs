// The connection test of Data Center: contract bitbucket-datacenter row 9, checks 17 and 18.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DataCenterHooks, dataCenter, refused } from "../lib/bitbucket.mjs";
import { acme } from "../lib/scene.mjs";
import { Sink } from "../lib/sink.mjs";

const basic = (pair) => `Basic ${Buffer.from(pair).toString("base64")}`;

async function scene(t) {
  const { server, token } = await acme(t);
  return { hooks: new DataCenterHooks(dataCenter(server, token)), sink: await Sink.listen(t) };
}

test("check 17: the test request has its own key and 14 bytes, is unsigned, and the answer shows both sides", async (t) => {
  const { hooks, sink } = await scene(t);
  const record = await hooks.test({ url: sink.url() });
  const request = await sink.event("diagnostics:ping");
  assert.equal(request.body.toString(), '{"test": true}');
  assert.equal(request.headers["x-hub-signature"], undefined);
  assert.equal(request.headers.authorization, undefined);
  assert.equal(record.request.url, sink.url());
  assert.equal(record.request.method, "POST");
  assert.equal(record.request.body, '{"test": true}');
  assert.equal(record.request.headers["X-Event-Key"], "diagnostics:ping");
  assert.equal(record.response.status, 200);
  assert.equal(record.response.body, "ok");

  const hook = await hooks.create({ url: sink.url("/of-the-hook"), configuration: { secret: "s" } });
  await hooks.test({ url: sink.url("/of-the-hook"), webhookId: hook.id });
  const [, second] = await sink.until("the second", ({ event }) => event === "diagnostics:ping", 2);
  assert.equal(second.headers["x-hub-signature"], undefined, "not signed, though the hook has a secret");
});

test("a receiver that refuses or is not there is told, not failed upon", async (t) => {
  const { hooks } = await scene(t);
  const busy = await Sink.listen(t, { answer: (_, response) => response.writeHead(503).end("busy") });
  assert.deepEqual((({ status, body }) => ({ status, body }))((await hooks.test({ url: busy.url() })).response), { status: 503, body: "busy" });
  await busy.close();
  const record = await hooks.test({ url: busy.url() });
  assert.equal(record.response, undefined);
  assert.equal(record.request.url, busy.url());
  assert.ok(Object.keys(record).length > 1, JSON.stringify(record));
});

test("check 18: with a hook's id its stored credentials go to the given URL, and the hook stays as it is", async (t) => {
  const { hooks, sink } = await scene(t);
  const hook = await hooks.create({ url: sink.url("/stored"), credentials: { username: "ci", password: "pass" } });
  assert.deepEqual(hook.credentials, { username: "ci" });
  const record = await hooks.test({ url: sink.url("/other"), webhookId: hook.id });
  const request = await sink.event("diagnostics:ping");
  assert.equal(request.url, "/other");
  assert.equal(request.headers.authorization, basic("ci:pass"));
  assert.doesNotMatch(JSON.stringify(record), new RegExp(`pass|${basic("ci:pass").slice(6)}`), "the answer hides them");
  assert.deepEqual(await hooks.get(hook.id), hook);

  await hooks.test({ url: sink.url("/alone") });
  await hooks.test({ url: sink.url("/given") }, { username: "me", password: "" });
  const [, alone, given] = await sink.until("three tests", () => true, 3);
  assert.equal(alone.headers.authorization, undefined);
  assert.equal(given.headers.authorization, basic("me:"));
  assert.equal((await refused(hooks.call("POST", "/test", { query: { webhookId: hook.id }, body: {} }))).status, 400);
});
