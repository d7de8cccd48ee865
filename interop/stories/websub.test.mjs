// Subscribers of the open hub, against the real process: they verify, let leases lapse, renew, refuse, go away; and the
// process dies between its answer and its question.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { acme } from "../lib/scene.mjs";
import { Sink } from "../lib/sink.mjs";
import { eventually } from "../lib/wait.mjs";
import { Subscriber, askHub, hubLog, signature, subscribe, subscriptions } from "../lib/websub.mjs";

const PUSH = readFileSync(new URL("../../docs/events/push.json", import.meta.url));

/** Publishes a push in acme/widgets and returns what the page says afterwards. */
async function push({ server, token }) {
  await server.publish("push", "/repos/acme/widgets", PUSH, { token });
}

/** A topic of somebody else's, which names the hub. `say(text)` changes it; `server` is known only once it runs. */
async function publisher(t, hub) {
  const page = { text: "one", fetched: 0 };
  const sink = await Sink.listen(t, {
    answer: (request, response) => {
      page.fetched += 1;
      response.setHeader("content-type", "text/plain; charset=utf-8");
      response.setHeader("link", [`<${hub()}>; rel="hub"`, `<${page.url}>; rel="self"`]);
      response.end(page.text);
    },
  });
  page.url = sink.url("/topic");
  return page;
}

test("a subscriber verifies, is told of each push with the page as it stands, and is signed for", async (t) => {
  const scene = await acme(t);
  const topic = `${scene.server.url}/acme/widgets/events/push`;
  const subscriber = await Subscriber.listen(t);
  const listed = await subscribe(scene.server, topic, subscriber, { "hub.secret": "s3cret", "hub.lease_seconds": "7200" });
  assert.equal(listed.signed, true);
  assert.ok(!JSON.stringify(listed).includes("/cb"), "callbacks are not shown");
  const asked = subscriber.verifications()[0];
  assert.equal(asked.query.get("hub.topic"), topic);
  assert.equal(asked.query.get("hub.lease_seconds"), "7200");

  await push(scene);
  const told = await subscriber.delivery();
  const page = await fetch(topic);
  assert.deepEqual(told.body, Buffer.from(await page.arrayBuffer()));
  assert.equal(told.headers["content-type"], page.headers.get("content-type"));
  assert.equal(told.headers.link, page.headers.get("link"));
  assert.equal(told.headers["x-hub-signature"], signature("s3cret", told.body));
  assert.equal(told.headers["transfer-encoding"], undefined);

  await push(scene);
  const second = await subscriber.delivery(2);
  assert.notDeepEqual(second.body, told.body, "each event is told");
});

test("a lapsed lease ends deliveries, renewing brings them back, and 410 ends the subscription for good", async (t) => {
  const scene = await acme(t, { env: { POSTRIDER_WEBSUB__MIN_LEASE: "1" } });
  const { server } = scene;
  const topic = `${server.url}/acme/widgets/events/push.json`;
  const subscriber = await Subscriber.listen(t);
  const witness = await Subscriber.listen(t);
  await subscribe(server, topic, witness);
  const listed = await subscribe(server, topic, subscriber, { "hub.lease_seconds": "1" });
  assert.ok(listed);
  const expiry = async () => (await subscriptions(server, topic)).map((one) => Date.parse(one.expires_at));
  await eventually("the end of the lease", async () => Math.min(...(await expiry())) < Date.now());
  await push(scene);
  await witness.delivery();
  assert.equal(subscriber.deliveries().length, 0, "its lease had ended");

  await subscribe(server, topic, subscriber, { "hub.lease_seconds": "3600" });
  await eventually("the renewal", async () => Math.min(...(await expiry())) > Date.now());
  await push(scene);
  await subscriber.delivery();
  subscriber.status = 410;
  await push(scene);
  await subscriber.delivery(2);
  await eventually("its end", async () => (await subscriptions(server, topic)).length === 1);
  await push(scene);
  await witness.delivery(4);
  assert.equal(subscriber.deliveries().length, 2);
});

test("a subscriber that refuses the challenge is never delivered to, nor told that it is denied", async (t) => {
  const scene = await acme(t);
  const topic = `${scene.server.url}/acme/widgets/events/all`;
  const victim = await Subscriber.listen(t);
  victim.intent = "refuse";
  const answer = await askHub(scene.server, { "hub.mode": "subscribe", "hub.topic": topic, "hub.callback": victim.url("/cb") });
  assert.equal(answer.status, 202);
  await victim.verified();
  await eventually("the refusal", async () => (await hubLog(scene.server, topic)).some((note) => note.outcome === "refused"));
  const witness = await Subscriber.listen(t);
  await subscribe(scene.server, topic, witness);
  await push(scene);
  await witness.delivery();
  assert.equal(victim.deliveries().length, 0);
  assert.equal(victim.requests.length, 1);
});

test("a topic elsewhere is fetched when its publisher says so, and told only when it changed", async (t) => {
  const scene = await acme(t);
  const { server } = scene;
  const page = await publisher(t, () => `${server.url}/websub`);
  const subscriber = await Subscriber.listen(t);
  await subscribe(server, page.url, subscriber, { "hub.secret": "k" });
  const ping = () => askHub(server, { "hub.mode": "publish", "hub.url": page.url });
  assert.equal((await ping()).status, 204);
  const first = await subscriber.delivery();
  assert.equal(first.body.toString(), "one");
  assert.equal(first.headers["content-type"], "text/plain; charset=utf-8");
  assert.equal(first.headers["x-hub-signature"], signature("k", "one"));
  const looked = page.fetched;
  await ping();
  await eventually("a look at the same page", () => page.fetched > looked);
  page.text = "two";
  await ping();
  const second = await subscriber.delivery(2);
  assert.equal(second.body.toString(), "two");
  assert.equal(subscriber.deliveries().length, 2);
});

test("SIGKILL between 202 and the verification loses no subscription", async (t) => {
  const scene = await acme(t);
  const { server } = scene;
  const topic = `${server.url}/acme/widgets/events/push`;
  const subscriber = await Subscriber.listen(t);
  subscriber.intent = "hold";
  const COUNT = 40;
  const answers = await Promise.all(
    Array.from({ length: COUNT }, (_, n) =>
      askHub(server, { "hub.mode": "subscribe", "hub.topic": topic, "hub.callback": subscriber.url(`/cb?n=${n}`) })),
  );
  assert.ok(answers.every((answer) => answer.status === 202));
  await subscriber.verified();
  await server.kill();
  assert.ok(subscriber.verifications().length < COUNT, "most had not been asked yet");

  subscriber.intent = "echo";
  await server.up();
  await eventually("all subscriptions", async () => (await subscriptions(server, topic)).length === COUNT);
  await push(scene);
  await subscriber.delivery(COUNT);
  const told = new Set(subscriber.deliveries().map((request) => request.query.get("n")));
  assert.equal(told.size, COUNT, "each was told");
});

test("SIGKILL between an event and its distribution loses no update", async (t) => {
  const scene = await acme(t);
  const { server } = scene;
  const topic = `${server.url}/acme/widgets/events/push.atom`;
  const subscriber = await Subscriber.listen(t);
  await subscribe(server, topic, subscriber);
  const entries = (request) => request.body.toString().split("<entry>").length - 1;
  for (let round = 1; round <= 5; round += 1) {
    await push(scene);
    await server.kill();
    await server.up();
    // An earlier update may come twice; each must come once.
    await subscriber.until(`update ${round}`, (request) => request.method === "POST" && entries(request) === round, 1);
  }
});
