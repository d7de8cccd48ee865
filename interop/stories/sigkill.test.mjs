// T-3: the server is killed again and again at random moments; what got a 202 is received, and every repeat is explained.
import assert from "node:assert/strict";
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "../lib/postrider.mjs";
import { acme, createHook } from "../lib/scene.mjs";
import { Sink } from "../lib/sink.mjs";
import { eventually } from "../lib/wait.mjs";

const CYCLES = Number(process.env.POSTRIDER_KILLS ?? 25);
const SEED = Number(process.env.POSTRIDER_SEED ?? Date.now() % 1_000_000);
/** Publishers at once. */
const PUBLISHERS = 4;
/** P4: what one kill may repeat, exchanges in flight plus successes not yet settled. */
const REPEATS_PER_KILL = 250 + 512;

/** Mulberry32: a small generator, so that a seed repeats the kill times. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Publishes numbered events one after the other until `stop`; writes ids to the journal, synced, once they got a 202. */
class Publisher {
  constructor(server, token, journal) {
    Object.assign(this, { server, token, journal, offered: new Set(), accepted: 0, stopped: false });
    this.agent = new Agent({ keepAlive: true, maxSockets: PUBLISHERS });
  }

  /** Makes publishers wait after a failure: the server is about to go. */
  shut() {
    this.gate = new Promise((resolve) => (this.release = resolve));
  }

  /** The server is back. */
  open() {
    this.release?.();
    this.gate = undefined;
  }

  async run(name) {
    for (let n = 0; !this.stopped; n += 1) {
      const id = `${name}-${n}`;
      this.offered.add(id);
      const status = await this.post(id).catch(() => 0);
      if (status === 202) {
        this.accepted += 1;
        writeSync(this.journal, `${id}\n`);
        fsyncSync(this.journal);
      } else {
        await (this.gate ?? new Promise(setImmediate));
      }
    }
  }

  post(id) {
    const body = JSON.stringify({ action: "started", id });
    const { hostname, port } = new URL(this.server.url);
    const headers = {
      authorization: `Bearer ${this.token}`, "content-type": "application/json", "content-length": Buffer.byteLength(body),
      "ce-specversion": "1.0", "ce-id": id, "ce-source": "/repos/acme/widgets", "ce-type": "github.watch",
    };
    return new Promise((resolve, reject) => {
      const call = httpRequest({ hostname, port, method: "POST", path: "/api/v1/events", headers, agent: this.agent }, (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode)).on("error", reject);
      });
      call.on("error", reject).end(body);
    });
  }
}

test(`T-3: ${CYCLES} kills at random moments lose nothing that was accepted (seed ${SEED})`, { timeout: 900_000 }, async (t) => {
  t.diagnostic(`seed ${SEED}; repeat with POSTRIDER_SEED=${SEED}`);
  const next = random(SEED);
  const { server, token, octokit, repo } = await acme(t, { env: { POSTRIDER_LOG__FILTER: "warn" } });
  const sink = await Sink.listen(t);
  const received = new Map();
  sink.answer = (request, response) => {
    if (request.event === "watch") {
      const { id } = JSON.parse(request.body);
      received.set(id, (received.get(id) ?? new Map()).set(request.guid, (received.get(id)?.get(request.guid) ?? 0) + 1));
    }
    sink.requests.length = 0;
    response.end("ok");
  };
  const hook = await createHook(octokit, repo, { url: sink.url(), secret: "T-3" }, { events: ["watch"] });

  const path = join(scratch(t), "journal");
  const journal = openSync(path, "a");
  const publisher = new Publisher(server, token, journal);
  const publishers = Array.from({ length: PUBLISHERS }, (_, at) => publisher.run(`p${at}`));
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const life = next() < 0.1 ? next() * 50 : next() * 2_000;
    await new Promise((resolve) => setTimeout(resolve, life));
    publisher.shut();
    await server.kill();
    await server.up();
    publisher.open();
  }
  publisher.stopped = true;
  await Promise.all(publishers);
  closeSync(journal);

  const acked = readFileSync(path, "utf8").split("\n").filter(Boolean);
  assert.equal(acked.length, publisher.accepted);
  const missing = () => acked.filter((id) => !received.has(id));
  await eventually("every accepted event", () => missing().length === 0).catch(() => {
    assert.fail(`${missing().length} of ${acked.length} accepted events never arrived, such as ${missing().slice(0, 5)}`);
  });
  const ghosts = [...received.keys()].filter((id) => !publisher.offered.has(id));
  assert.deepEqual(ghosts, [], "nothing arrives that was not published");
  const twoNames = [...received].filter(([, guids]) => guids.size > 1);
  assert.deepEqual(twoNames, [], "a repeat keeps its GUID");

  const doctor = await eventually("an empty queue", async () => {
    const report = await server.must("GET", "/doctor");
    return report.conservation.open === 0 && report;
  });
  assert.equal(doctor.conservation.holds, true);
  const extra = new Map([...received.values()].flatMap((guids) => [...guids]).filter(([, times]) => times > 1));
  const repeats = [...extra.values()].reduce((sum, times) => sum + times - 1, 0);
  assert.ok(repeats <= CYCLES * REPEATS_PER_KILL, `${repeats} repeats after ${CYCLES} kills`);
  const explained = await attempts(server, hook.id, (attempt) => attempt.recovered);
  const unexplained = [...extra.keys()].filter((guid) => !explained.has(guid));
  assert.deepEqual(unexplained, [], "P7: every repeat is a recovered attempt in the log");
  t.diagnostic(`${acked.length} accepted, ${received.size} received, ${repeats} repeats, ${explained.size} recovered`);
});

/** The GUIDs of all attempts of a hook that fit. */
async function attempts(server, hook, fits) {
  const found = new Set();
  let cursor = "";
  do {
    const page = await server.must("GET", `/hooks/${hook}/deliveries?limit=200${cursor && `&cursor=${cursor}`}`);
    page.items.filter(fits).forEach((attempt) => found.add(attempt.guid));
    cursor = page.next ? encodeURIComponent(page.next) : "";
  } while (cursor !== "");
  return found;
}
