// Deliveries of Data Center hooks and what its API tells of them: contract bitbucket-datacenter sections 1.4, 2 and 4.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DataCenterHooks, canonical, dataCenter, ownHook, publish } from "../lib/bitbucket.mjs";
import { acme } from "../lib/scene.mjs";
import { SignedSink, Sink } from "../lib/sink.mjs";
import { assertDataCenterHeaders } from "../lib/verify.mjs";
import { eventually } from "../lib/wait.mjs";

const DIALECT = "bitbucket_datacenter";
/** One attempt for each delivery, so that the log is exact. */
const ONCE = { POSTRIDER_DELIVERY__RETRIES: "none" };

async function scene(t, options) {
  const { server, token } = await acme(t, options);
  return { server, hooks: new DataCenterHooks(dataCenter(server, token)) };
}

test("check 20: each delivery has an X-Request-Id of its own and no attempt number; credentials and signature go along", async (t) => {
  const { server, hooks } = await scene(t);
  const sink = await SignedSink.listen(t, { secret: "Gkvl$k$wyNpQAF42" });
  const configuration = { secret: "Gkvl$k$wyNpQAF42" };
  await hooks.create({ url: sink.url(), configuration, credentials: { username: "ci", password: "" } });
  for (let n = 0; n < 3; n += 1) await publish(server, DIALECT, "repo:refs_changed", { eventKey: "repo:refs_changed", title: "café ✓", n });
  await server.publish("push", "/repos/acme/widgets", canonical("push"));
  await sink.until("four deliveries", () => true, 4);
  for (const request of sink.requests) {
    assertDataCenterHeaders(request, { event: "repo:refs_changed", secret: configuration.secret });
    assert.equal(request.headers.authorization, `Basic ${Buffer.from("ci:").toString("base64")}`);
    assert.equal(request.payload.eventKey, "repo:refs_changed");
  }
  assert.equal(new Set(sink.requests.map(({ guid }) => guid)).size, 4);
  const push = sink.requests.find(({ payload }) => payload.changes).payload;
  assert.deepEqual(push.changes.map(({ type }) => type), ["UPDATE", "ADD", "DELETE"]);
  assert.equal(push.repository.project.key, "ACME");
  assert.deepEqual(sink.refused, []);
});

test("check 25: no answer in time is an ERROR, a 404 a FAILURE, a 2xx a SUCCESS", async (t) => {
  const { server, hooks } = await scene(t, { env: ONCE });
  const answers = { "/ok": 204, "/missing": 404, "/moved": 302 };
  const sink = await Sink.listen(t, { answer: ({ url }, response) => url === "/mute" || response.writeHead(answers[url]).end() });
  const closed = await Sink.listen(t);
  await closed.close();
  const cases = [[sink.url("/ok"), "SUCCESS", 204], [sink.url("/missing"), "FAILURE", 404], [sink.url("/moved"), "FAILURE", 302], [sink.url("/mute"), "ERROR"], [closed.url(), "ERROR"]];
  for (const [url] of cases) {
    if (url === sink.url("/mute")) await ownHook(server, DIALECT, { url, events: ["pr:opened"], timeout: 1 });
    else await hooks.create({ url, events: ["pr:opened"] });
  }
  await publish(server, DIALECT, "pr:opened");
  const { values } = await hooks.page();
  for (const [url, outcome, status] of cases) {
    const { id } = values.find((hook) => hook.url === url);
    const invocation = await eventually(`${outcome} of ${url}`, () => hooks.latest(id, { outcome }));
    assert.equal(invocation.result.outcome, outcome, url);
    if (status) assert.equal(invocation.result.statusCode, status);
    for (const other of ["SUCCESS", "FAILURE", "ERROR"].filter((name) => name !== outcome)) {
      assert.equal(await hooks.latest(id, { outcome: other }), undefined, `${other} of ${url}`);
    }
  }
});

test("check 26: latest is 204 before any delivery, then the newest invocation, filtered by event and outcome", async (t) => {
  const { server, hooks } = await scene(t, { env: ONCE });
  let status = 200;
  const sink = await Sink.listen(t, { answer: (_, response) => response.writeHead(status, { "content-type": "text/plain" }).end("heard") });
  const { id } = await hooks.create({ url: sink.url(), events: ["pr:opened", "pr:merged"] });
  assert.equal(await hooks.latest(id), undefined);
  const deliver = async (key, code) => {
    status = code;
    const known = (await hooks.latest(id))?.id;
    await publish(server, DIALECT, key, { eventKey: key });
    return eventually(key, async () => {
      const found = await hooks.latest(id);
      return found && found.id !== known && found;
    });
  };
  const opened = await deliver("pr:opened", 200);
  assert.equal(opened.event, "pr:opened");
  assert.equal(opened.eventScope.type, "repository");
  assert.equal(typeof opened.eventScope.id, "string");
  assert.ok(opened.finish >= opened.start && opened.duration >= 0 && Math.abs(opened.start - Date.now()) < 60_000);
  assert.deepEqual([opened.request.url, opened.request.method, opened.request.body], [sink.url(), "POST", '{"eventKey":"pr:opened"}']);
  assert.equal(opened.request.headers["X-Event-Key"], "pr:opened");
  assert.deepEqual([opened.result.outcome, opened.result.description, opened.result.statusCode, opened.result.body], ["SUCCESS", "200", 200, "heard"]);
  const merged = await deliver("pr:merged", 500);
  assert.equal(merged.result.outcome, "FAILURE");
  assert.equal((await hooks.latest(id, { event: "pr:opened" })).id, opened.id);
  assert.equal((await hooks.latest(id, { outcome: "SUCCESS" })).id, opened.id);
  assert.equal((await hooks.latest(id, { event: "pr:merged", outcome: "FAILURE" })).id, merged.id);
  assert.equal(await hooks.latest(id, { event: "pr:merged", outcome: "SUCCESS" }), undefined);

  const history = await hooks.statistics(id);
  assert.deepEqual([history.counts.successes, history.counts.failures, history.counts.errors], [1, 1, 0]);
  assert.deepEqual([history.lastSuccess.id, history.lastFailure.id, history.lastError ?? null], [opened.id, merged.id, null]);
  assert.ok(history.counts.window.duration > 0 && history.counts.window.start <= Date.now());
  assert.equal((await hooks.statistics(id, { event: "pr:opened" })).counts.failures, 0);
  assert.deepEqual({ ...(await hooks.get(id, { statistics: "True" })).statistics.counts, window: 0 }, { ...history.counts, window: 0 });
  assert.equal((await hooks.get(id)).statistics, undefined);
});

test("check 27: the summary is read as jira.js does and as Bitbucket.Net does", async (t) => {
  const { server, hooks } = await scene(t, { env: ONCE });
  const sink = await Sink.listen(t, { answer: (request, response) => response.writeHead(request.event === "pr:merged" ? 500 : 200).end() });
  const { id } = await hooks.create({ url: sink.url(), events: ["pr:opened", "pr:merged"] });
  for (const key of ["pr:opened", "pr:opened", "pr:merged"]) await publish(server, DIALECT, key);
  const summary = await eventually("three invocations", async () => {
    const found = await hooks.summary(id);
    return found["pr:opened"]?.counts.successes === 2 && found["pr:merged"]?.counts.failures === 1 && found;
  });
  assert.deepEqual(Object.keys(summary).sort(), ["pr:merged", "pr:opened"]);
  const numbers = ({ errors, failures, successes, window: { start, duration } }) => {
    for (const number of [errors, failures, successes, start, duration]) assert.ok(Number.isSafeInteger(number));
    return [errors, failures, successes];
  };
  // jira.js: every value is a history; Bitbucket.Net: every value is the counts themselves.
  assert.deepEqual(numbers(summary["pr:opened"].counts), [0, 0, 2]);
  assert.deepEqual(numbers(summary["pr:opened"]), [0, 0, 2]);
  assert.deepEqual(numbers(summary["pr:merged"].counts), [0, 1, 0]);
  assert.equal(summary["pr:merged"].lastFailure.event, "pr:merged");
  assert.equal(summary["pr:merged"].lastFailure.result.outcome, "FAILURE");
});
