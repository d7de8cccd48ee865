// The circuit breaker as people see it: held and drained, or skipped and replayed (contract bitbucket-datacenter section 4).
import assert from "node:assert/strict";
import { test } from "node:test";
import { DataCenterHooks, dataCenter, publish } from "../lib/bitbucket.mjs";
import { acme } from "../lib/scene.mjs";
import { SignedSink } from "../lib/sink.mjs";
import { eventually } from "../lib/wait.mjs";

const SECRET = "patience";
const DIALECT = "bitbucket_datacenter";
/** Seconds a breaker stays open where a test looks at what it holds. */
const LONG = "36000";

/** A hook on opened pull requests whose receiver answers with `receiver.status`; `emit(n)` publishes event number n. */
async function troubledHook(t, env) {
  const { server, token } = await acme(t, { env });
  const receiver = { status: 500 };
  const sink = await SignedSink.listen(t, { secret: SECRET, answer: (_, response) => response.writeHead(receiver.status).end("sorry") });
  const hooks = new DataCenterHooks(dataCenter(server, token));
  const { id } = await hooks.create({ url: sink.url(), events: ["pr:opened"], configuration: { secret: SECRET } });
  const emit = async (n) => assert.equal((await publish(server, DIALECT, "pr:opened", { n })).deliveries, 1);
  const fail = async (count) => {
    for (let n = 1; n <= count; n += 1) await emit(n);
    await eventually(`${count} failures`, async () => (await hooks.statistics(id)).counts.failures === count);
  };
  return { server, receiver, sink, hooks, id, emit, fail, numbers: () => sink.requests.map(({ payload }) => payload.n) };
}

/** The value of a metric, its labels included in the name. */
async function metric(server, name) {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  assert.ok(line, `${name} in\n${text.split("\n").filter((each) => /breaker|bitbucket_dc/.test(each)).join("\n")}`);
  return Number(line.split(" ")[1]);
}

test("after five failures deliveries are held; a person who has repaired the receiver does not wait: closing by hand sends them", async (t) => {
  const { server, receiver, sink, hooks, id, emit, fail, numbers } = await troubledHook(t, {
    POSTRIDER_DELIVERY__RETRIES: "none",
    POSTRIDER_BITBUCKET_DC__BACKOFF__TRIGGER_COUNT: "5",
    POSTRIDER_BITBUCKET_DC__BACKOFF__INITIAL: LONG,
  });
  await fail(5);
  for (const n of [6, 7, 8]) await emit(n);
  const held = await server.must("GET", `/hooks/${id}`);
  assert.deepEqual([held.breaker.state, held.breaker.failures, held.breaker.on_open], ["open", 5, "hold"]);
  assert.ok(Date.parse(held.breaker.open_until) > Date.now(), JSON.stringify(held.breaker));
  assert.equal(held.queued, 3);
  const shown = JSON.parse(await server.cli("hook", "show", String(id), "--json"));
  assert.equal(shown.breaker.state, "open");
  assert.match(await server.cli("hook", "show", String(id)), /open/);
  await eventually("the gauge", async () => (await metric(server, 'postrider_breakers{state="open",dialect="bitbucket_datacenter"}')) === 1);
  assert.equal(await metric(server, "bitbucket_dc_dispatch_failure_count"), 5);
  assert.equal((await hooks.latest(id)).result.outcome, "FAILURE");
  assert.deepEqual(numbers().sort(), [1, 2, 3, 4, 5], "nothing was sent meanwhile");
  receiver.status = 200;
  await server.cli("hook", "close-breaker", String(id));
  await sink.until("what was held", ({ payload }) => payload.n > 5, 3);
  assert.equal((await server.must("GET", `/hooks/${id}`)).breaker.failures, 0);
});

test("a probe heals the hook, and what came meanwhile is sent", async (t) => {
  const { server, receiver, sink, hooks, id, emit, fail, numbers } = await troubledHook(t, {
    POSTRIDER_DELIVERY__RETRIES: "none",
    POSTRIDER_BITBUCKET_DC__BACKOFF__INITIAL: "3",
  });
  await fail(5);
  receiver.status = 200;
  for (const n of [6, 7, 8]) await emit(n);
  await sink.until("all that was held", ({ payload }) => payload.n > 5, 3);
  assert.deepEqual(numbers().sort(), [1, 2, 3, 4, 5, 6, 7, 8], "each once");
  await eventually("three successes", async () => (await hooks.statistics(id)).counts.successes === 3);
  const healed = await server.must("GET", `/hooks/${id}`);
  assert.ok(["healing", "closed"].includes(healed.breaker.state), healed.breaker.state);
  assert.equal(healed.queued, 0);
  assert.equal((await hooks.latest(id)).result.outcome, "SUCCESS");
  assert.equal(await metric(server, "bitbucket_dc_dispatch_success_count"), 3);
  assert.equal((await server.must("GET", "/doctor")).conservation.holds, true);
});

test("an open breaker and what it holds survive SIGKILL", async (t) => {
  const { server, receiver, sink, id, emit, fail, numbers } = await troubledHook(t, { POSTRIDER_DELIVERY__RETRIES: "none", POSTRIDER_BITBUCKET_DC__BACKOFF__INITIAL: LONG });
  await fail(5);
  await emit(6);
  const before = await server.must("GET", `/hooks/${id}`);
  await server.kill();
  receiver.status = 200;
  await server.up();
  const { breaker, queued } = await server.must("GET", `/hooks/${id}`);
  assert.deepEqual([breaker, queued], [before.breaker, 1]);
  assert.deepEqual(numbers().filter((n) => n > 5), []);
  await server.must("POST", `/hooks/${id}/breaker/close`);
  await sink.until("what was held", ({ payload }) => payload.n === 6);
});

test("as Data Center itself does it: the sixth event is skipped, shown as an ERROR, and can be sent again", async (t) => {
  const { server, receiver, sink, hooks, id, emit, fail, numbers } = await troubledHook(t, {
    POSTRIDER_DELIVERY__RETRIES: "vendor",
    POSTRIDER_BITBUCKET_DC__ON_OPEN: "skip",
    POSTRIDER_BITBUCKET_DC__BACKOFF__INITIAL: LONG,
  });
  await fail(5);
  await emit(6);
  const error = await eventually("the skip", () => hooks.latest(id, { outcome: "ERROR" }));
  assert.equal(error.result.outcome, "ERROR");
  assert.match(error.result.description, /breaker|skipped|backoff/i);
  assert.deepEqual((({ errors, failures, successes }) => [errors, failures, successes])((await hooks.statistics(id)).counts), [1, 5, 0]);
  assert.equal(await metric(server, "bitbucket_dc_dispatch_rejected_count"), 1);
  const { items } = await server.must("GET", `/hooks/${id}/deliveries`);
  const skipped = items.find(({ state }) => state === "skipped");
  assert.deepEqual([skipped.reason, skipped.event], ["breaker_open", "pr:opened"]);
  assert.deepEqual(numbers().sort(), [1, 2, 3, 4, 5]);

  receiver.status = 200;
  await server.must("POST", `/deliveries/${skipped.id}/redeliver`);
  const [again] = await sink.until("the sixth", ({ payload }) => payload.n === 6);
  assert.equal(again.headers["x-event-key"], "pr:opened");
  const success = await eventually("its success", () => hooks.latest(id, { outcome: "SUCCESS" }));
  assert.equal(success.request.body, '{"n":6}');
  await emit(7);
  await sink.until("the seventh, for the breaker has closed", ({ payload }) => payload.n === 7);
});
