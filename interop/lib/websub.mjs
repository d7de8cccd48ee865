// A WebSub subscriber and a publisher, as far as the hub can tell: one receiver that echoes challenges and keeps what it got.
import { createHmac } from "node:crypto";
import { Sink } from "./sink.mjs";
import { eventually } from "./wait.mjs";

/** Echoes every challenge and takes every delivery, unless told otherwise. */
export class Subscriber extends Sink {
  constructor(options = {}) {
    super({ ...options, answer: (request, response) => this.reply(request, response) });
    /** What a verification is answered with: `echo`, `refuse`, or `hold` (no answer). */
    this.intent = "echo";
    /** The status deliveries are answered with. */
    this.status = 200;
  }

  record(request, body) {
    const query = new URL(request.url, "http://subscriber.test").searchParams;
    return super.record(request, body, { query, mode: query.get("hub.mode") });
  }

  reply({ method, query }, response) {
    if (method === "POST") return response.writeHead(this.status).end();
    if (this.intent === "hold") return undefined;
    if (this.intent === "refuse") return response.writeHead(404).end();
    return response.end(query.get("hub.challenge") ?? "");
  }

  /** The verifications that came, of one mode if named. */
  verifications(mode) {
    return this.matching((request) => request.method === "GET" && (mode === undefined || request.mode === mode));
  }

  /** Waits for the n-th verification of that mode. */
  async verified(mode = "subscribe", count = 1, limit) {
    const found = await this.until(`${mode} verification`, (request) => request.method === "GET" && request.mode === mode, count, limit);
    return found[count - 1];
  }

  /** Waits for the n-th delivery. */
  async delivery(count = 1, limit) {
    const found = await this.until("delivery", (request) => request.method === "POST", count, limit);
    return found[count - 1];
  }

  deliveries() {
    return this.matching((request) => request.method === "POST");
  }
}

/** Sends a form to the hub; resolves to the answer. */
export function askHub(server, fields) {
  return fetch(`${server.url}/websub`, { method: "POST", body: new URLSearchParams(fields) });
}

/** Subscribes and waits until the hub lists it. */
export async function subscribe(server, topic, subscriber, more = {}) {
  const before = subscriber.verifications("subscribe").length;
  const answer = await askHub(server, { "hub.mode": "subscribe", "hub.topic": topic, "hub.callback": subscriber.url("/cb"), ...more });
  if (answer.status !== 202) throw new Error(`subscribe: ${answer.status} ${await answer.text()}`);
  await subscriber.verified("subscribe", before + 1);
  return eventually("the subscription", async () => (await subscriptions(server, topic))[0]);
}

/** The subscriptions of a topic, as the operator sees them. */
export async function subscriptions(server, topic) {
  const answer = await server.v1("GET", `/hub/subscriptions?topic=${encodeURIComponent(topic)}`);
  return answer.status === 404 ? [] : answer.body.items;
}

/** What the hub's log says of a topic, newest first. */
export async function hubLog(server, topic) {
  return (await server.must("GET", `/hub/log?topic=${encodeURIComponent(topic)}`)).items;
}

/** The signature header of a body. */
export function signature(secret, body, method = "sha256") {
  return `${method}=${createHmac(method, secret).update(body).digest("hex")}`;
}
