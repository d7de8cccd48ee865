// Apps and builds: a server that runs builds with a shell, an app of acme/widgets, its outgoing webhook's receiver.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Sink } from "./sink.mjs";
import { scratch } from "./postrider.mjs";
import { eventually } from "./wait.mjs";

/** Flags of a server that runs `script` with a shell for each build. */
export function runningBuilds(t, script, more = {}) {
  const file = join(scratch(t), "postrider.toml");
  const settings = { executor: "command", command: ["sh", "-c", script], ...more };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  writeFileSync(file, `[builds]\n${lines.join("\n")}\n`);
  return ["--config", file];
}

/** One call of `/v0.1` that must succeed, with the token as Bitrise's own clients send it. */
export async function bitrise(server, token, method, path, body) {
  const response = await fetch(`${server.url}/v0.1${path}`, {
    method,
    headers: { authorization: token, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/** A receiver of an app's outgoing webhook, which counts only what it verified, as Bitrise's own receivers do. */
export class BuildSink extends Sink {
  static async subscribed(t, server, token, app, secret = "it's a secret") {
    const sink = await this.listen(t, { answer: (taken, response) => response.writeHead(taken ? 200 : 403).end() });
    sink.secret = secret;
    sink.refused = [];
    const hook = { url: sink.url(), events: ["build"], secret };
    sink.hook = await bitrise(server, token, "POST", `/apps/${app}/outgoing-webhooks`, hook);
    return sink;
  }

  record(request, body) {
    const expected = `sha256=${createHmac("sha256", this.secret).update(body).digest("hex")}`;
    if (request.headers["bitrise-hook-signature"] !== expected) return void this.refused.push(request.headers);
    const payload = JSON.parse(body);
    const taken = super.record(request, body, { payload, kind: request.headers["bitrise-event-type"] });
    taken.event = taken.kind;
    return taken;
  }

  /** What came about a build, as it happened: two deliveries under way at once may arrive either way round. */
  about(build) {
    const about = this.matching(({ payload }) => payload.build_slug === build);
    return about.map(({ kind, payload }) => [kind, payload.build_status]).sort(([, a], [, b]) => a - b);
  }

  /** Waits until it is told that the build has ended. */
  async finished(build) {
    const fits = ({ kind, payload }) => kind === "build/finished" && payload.build_slug === build;
    return (await this.until(`build/finished of ${build}`, fits))[0];
  }
}

/** The build once it has ended. */
export function ended(server, token, build) {
  return eventually(`the end of ${build}`, async () => {
    const now = await server.must("GET", `/builds/${build}`, undefined, { token });
    return now.stage === "ended" && now;
  });
}

/** Waits until no delivery is open, so that what has not come will not. */
export function settled(server) {
  return eventually("all deliveries to be settled", async () => {
    const { conservation } = await server.must("GET", "/doctor");
    return conservation.holds && !conservation.open;
  });
}
