// npm pubsubhubbub, a subscriber of PubSubHubbub 0.3 and 0.4, at the hub: check 31 of the WebSub contract.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import pubsubhubbub from "pubsubhubbub";
import { acme } from "../lib/scene.mjs";
import { Sink } from "../lib/sink.mjs";
import { eventually, within } from "../lib/wait.mjs";

/** The library's own server on a free port, until the test ends. Answers of its listener are kept in `answers`. */
async function subscriber(t, options = {}) {
  const peer = pubsubhubbub.createServer(options);
  peer.answers = new EventEmitter();
  const listener = peer._onRequest.bind(peer);
  peer._onRequest = (request, response) => {
    response.on("finish", () => peer.answers.emit(request.method, response.statusCode, request));
    listener(request, response);
  };
  peer.listen(0, "127.0.0.1");
  await once(peer, "listen");
  peer.server.keepAliveTimeout = 0;
  t.after(() => peer.server.closeAllConnections() ?? peer.server.close());
  peer.callbackUrl = `http://127.0.0.1:${peer.server.address().port}/callback`;
  return peer;
}

/** The next event of that name; listens before `cause` makes it happen. */
async function next(emitter, name, cause) {
  const [happened] = await within(name, Promise.all([once(emitter, name), cause()]));
  return happened[0];
}

/** Subscribes or unsubscribes; resolves once the hub took the request. */
const asked = (peer, mode, topic, hub, callback) =>
  new Promise((resolve, reject) => peer.setSubscription(mode, topic, hub, callback, (error, told) => (error ? reject(error) : resolve(told))));

/** The library tells of a change when it is asked to confirm it; the hub has it a moment later. */
const active = (server, count) => eventually(`${count} subscriptions`, async () => (await server.must("GET", "/doctor")).hooks === count);

const watch = (server, number) => server.publish("github.watch", "/repos/acme/widgets", { action: "started", number });

/** A page, and what it was served as. */
async function page(url) {
  const response = await fetch(url);
  return { type: response.headers.get("content-type"), body: Buffer.from(await response.arrayBuffer()) };
}

test("a stream of a repository: subscribe, hear, renew, unsubscribe", async (t) => {
  const { server } = await acme(t);
  const [hub, topic] = [`${server.url}/websub`, `${server.url}/acme/widgets/events/watch.json`];
  const [peer, witness] = [await subscriber(t, { leaseSeconds: 3_600 }), await subscriber(t)];
  const confirmed = await next(peer, "subscribe", () => asked(peer, "subscribe", topic, hub));
  assert.deepEqual([confirmed.topic, confirmed.hub], [topic, hub], "its own query came back untouched");
  assert.ok(Math.abs(confirmed.lease - Date.now() / 1_000 - 3_600) < 60, `${confirmed.lease}`);
  await next(witness, "subscribe", () => asked(witness, "subscribe", topic, hub));
  await active(server, 2);

  const heard = async (number) => {
    const [feed, seen] = await Promise.all([next(peer, "feed", () => watch(server, number)), next(witness, "feed", () => {})]);
    const { type, body } = await page(topic);
    for (const one of [feed, seen]) {
      assert.deepEqual([one.topic, one.hub], [topic, hub]);
      assert.deepEqual(one.feed, body, "the whole page, byte for byte");
      assert.equal(one.headers["content-type"], type);
      assert.equal(one.headers["content-length"], String(body.length));
      assert.equal(one.headers.link, `<${topic}>; rel="self", <${hub}>; rel="hub"`);
      assert.equal(one.headers["x-hub-signature"], undefined);
    }
    assert.equal(JSON.parse(feed.feed).items.length, number);
  };
  await heard(1);
  await next(peer, "subscribe", () => asked(peer, "subscribe", topic, hub));
  await heard(2);

  await next(peer, "unsubscribe", () => asked(peer, "unsubscribe", topic, hub));
  await active(server, 1);
  let late = 0;
  peer.on("feed", () => (late += 1));
  await next(witness, "feed", () => watch(server, 3));
  assert.equal(late, 0);
});

test("a page of somebody else's: any type, by a ping", async (t) => {
  const { server } = await acme(t);
  const hub = `${server.url}/websub`;
  const shown = { type: "text/plain; charset=ISO-8859-1", body: Buffer.from("caf\xe9", "latin1") };
  const publisher = await Sink.listen(t, {
    answer: (request, response) => {
      const self = publisher.url("/page");
      response.writeHead(200, { "content-type": shown.type, link: [`<${hub}>; rel="hub"`, `<${self}>; rel="self"`] }).end(shown.body);
    },
  });
  const topic = publisher.url("/page");
  const peer = await subscriber(t);
  await next(peer, "subscribe", () => asked(peer, "subscribe", topic, hub));
  await active(server, 1);
  for (const text of ["two \xff\0", "three"]) {
    shown.body = Buffer.from(text, "latin1");
    const form = new URLSearchParams({ "hub.mode": "publish", "hub.url": topic });
    const ping = async () => assert.equal((await fetch(hub, { method: "POST", body: form })).status, 204);
    const feed = await next(peer, "feed", ping);
    assert.deepEqual([feed.feed, feed.headers["content-type"]], [shown.body, shown.type]);
    assert.equal(feed.topic, topic);
  }
  assert.ok(publisher.requests.every(({ method }) => method === "GET"));
});

test("secrets: the library registers another key than the one it checks with", async (t) => {
  const { server } = await acme(t);
  const [hub, topic] = [`${server.url}/websub`, `${server.url}/acme/widgets/events/watch`];
  const secret = "it's a secret";
  const peer = await subscriber(t, { secret });
  
  await next(peer, "subscribe", () => asked(peer, "subscribe", topic, hub));
  await active(server, 1);

  // What it registered is HMAC-SHA1(secret, topic). The signature is right by that key, so the library, which knows the
  // raw secret only, answers 202 and keeps silent.
  let heard = 0;
  peer.on("feed", () => (heard += 1));
  const [status, request] = (await within("a delivery", Promise.all([once(peer.answers, "POST"), watch(server, 1)])))[0];
  const [method, mac] = request.headers["x-hub-signature"].split("=");
  const registered = createHmac("sha1", secret).update(topic).digest("hex");
  assert.equal(mac, createHmac(method, registered).update((await page(topic)).body).digest("hex"));
  assert.deepEqual([status, heard], [202, 0]);

  // The same callback with the key it checks with: the hub's signature is good for the library.
  await next(peer, "unsubscribe", () => asked(peer, "unsubscribe", topic, hub));
  await active(server, 0);
  const callback = `${peer.callbackUrl}?topic=${encodeURIComponent(topic)}&hub=${encodeURIComponent(hub)}`;
  const form = { "hub.mode": "subscribe", "hub.topic": topic, "hub.callback": callback, "hub.secret": secret };
  const subscribe = async () => assert.equal((await fetch(hub, { method: "POST", body: new URLSearchParams(form) })).status, 202);
  await next(peer, "subscribe", subscribe);
  await active(server, 1);
  const feed = await next(peer, "feed", () => watch(server, 2));
  assert.deepEqual(feed.feed, (await page(topic)).body);
});

test("a topic that is not there is denied", async (t) => {
  const { server } = await acme(t);
  const topic = `${server.url}/acme/nothing/events/watch`;
  const peer = await subscriber(t);
  const denied = await next(peer, "denied", () => asked(peer, "subscribe", topic, `${server.url}/websub`));
  assert.deepEqual(denied, { topic, hub: `${server.url}/websub` });
});
