// Receivers: a plain one that records raw requests and answers as told, one built on @octokit/webhooks, one on x-hub-signature.
import { EventEmitter } from "node:events";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { PassThrough } from "node:stream";
import { Webhooks, createNodeMiddleware } from "@octokit/webhooks";
import XHubSignature from "x-hub-signature";
import { PATIENCE, eventually, within } from "./wait.mjs";

/** Records every request: method, url, headers, rawHeaders and the body's bytes. */
export class Sink {
  /** Listens on loopback until the test ends. `answer(request, response)` writes the response; 200 `ok` unless given. */
  static async listen(t, options = {}) {
    const sink = new this(options);
    await sink.open(options.port ?? 0);
    t.after(() => sink.close());
    return sink;
  }

  constructor({ answer, tls } = {}) {
    this.requests = [];
    this.arrivals = new EventEmitter().setMaxListeners(0);
    this.answer = answer ?? ((_, response) => response.end("ok"));
    this.tls = tls;
  }

  async open(port) {
    const handle = (request, response) => this.take(request, response);
    this.server = this.tls ? createTlsServer(this.tls, handle) : createServer(handle);
    // Closing idle connections after five seconds would race with requests that come after a pause of about that length;
    // and a request may take as long as the machine needs.
    Object.assign(this.server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 });
    // A port that was this receiver's before may be lent to another test for a while.
    await eventually(`port ${port}`, () => this.bind(port));
    this.port = this.server.address().port;
  }

  bind(port) {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject).listen(port, "127.0.0.1", () => resolve(this.server.off("error", reject)));
    });
  }

  /** Stops listening and cuts every connection. */
  async close() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /** Where deliveries should go. */
  url(path = "/hook") {
    return `${this.tls ? "https" : "http"}://127.0.0.1:${this.port}${path}`;
  }

  take(request, response) {
    const chunks = [];
    request.on("error", () => {});
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const taken = this.record(request, Buffer.concat(chunks));
      this.answer(taken, response);
    });
  }

  record(request, body, more = {}) {
    const { method, url, headers, rawHeaders, httpVersion } = request;
    const taken = { method, url, headers, rawHeaders, httpVersion, body, at: performance.now(), ...more };
    taken.event = headers["x-github-event"] ?? headers["x-event-key"];
    taken.guid = headers["x-github-delivery"] ?? headers["x-request-id"] ?? headers["x-request-uuid"];
    this.requests.push(taken);
    this.arrivals.emit("request");
    return taken;
  }

  /** All requests that fit. */
  matching(fits) {
    return this.requests.filter(fits);
  }

  /** Waits until `count` requests fit, and returns them in order of arrival. */
  async until(what, fits, count = 1, limit = PATIENCE) {
    if (this.matching(fits).length < count) {
      let listener;
      const enough = new Promise((resolve) => {
        listener = () => this.matching(fits).length >= count && resolve();
        this.arrivals.on("request", listener);
      });
      const seen = () => `${count} x ${what}; seen ${this.matching(fits).length} of ${this.requests.length}: ${this.requests.map((r) => r.event).slice(-40)}`;
      await within(seen, enough, limit).finally(() => this.arrivals.off("request", listener));
    }
    return this.matching(fits);
  }

  /** Waits for one request of that event of GitHub or Bitbucket. */
  async event(name, count = 1, limit = PATIENCE) {
    const found = await this.until(name, (request) => request.event === name, count, limit);
    return found[count - 1];
  }
}

/** A receiver as GitHub's own library builds it: only what it verified counts as received. */
export class VerifiedSink extends Sink {
  constructor({ secret, ...options }) {
    super(options);
    this.refused = [];
    const webhooks = new Webhooks({ secret, log: { debug() {}, info() {}, warn() {}, error: (error) => this.refused.push(error) } });
    webhooks.onAny((event) => this.verified.set(event.id + event.name, event));
    this.verified = new Map();
    this.middleware = createNodeMiddleware(webhooks, { path: "/hook" });
  }

  // The library reads the stream itself; a second reader keeps the bytes.
  take(request, response) {
    const chunks = [];
    request.on("error", () => {});
    request.on("data", (chunk) => chunks.push(chunk));
    const copy = Object.assign(new PassThrough(), { method: request.method, url: request.url, headers: request.headers });
    request.pipe(copy);
    response.on("finish", () => {
      if (response.statusCode !== 200) return this.refused.push({ status: response.statusCode, headers: request.headers });
      const body = Buffer.concat(chunks);
      this.record(request, body, { payload: JSON.parse(body) });
    });
    this.middleware(copy, response);
  }
}

/** A receiver of either Bitbucket: only what npm x-hub-signature verified over the raw body counts as received. */
export class SignedSink extends Sink {
  constructor({ secret, answer: right = (_, response) => response.end("ok"), ...options }) {
    super({ ...options, answer: (taken, response) => (taken ? right(taken, response) : response.writeHead(403).end("signature")) });
    this.signature = new XHubSignature("sha256", secret);
    this.refused = [];
  }

  record(request, body) {
    const header = request.headers["x-hub-signature"];
    if (header && this.signature.verify(header, body)) return super.record(request, body, { payload: JSON.parse(body) });
    this.refused.push(request.headers);
  }
}
