// Pushes come in while the server is killed again and again; hosts repeat what was not answered. Every delivery id builds
// once, numbers have no gaps, and each build is told of once.
import assert from "node:assert/strict";
import { Agent, request as httpRequest } from "node:http";
import { test } from "node:test";
import { acme } from "../lib/scene.mjs";
import { Sink } from "../lib/sink.mjs";
import { eventually } from "../lib/wait.mjs";

const CYCLES = Math.min(Number(process.env.POSTRIDER_KILLS ?? 8), 25);
/** Hosts that push at once. */
const HOSTS = 4;
const CONFIG = "format_version: '13'\ntrigger_map:\n- push_branch: main\n  workflow: ci\nworkflows:\n  ci: {}\n";

/** A push as GitHub sends it. */
function push(id) {
  const commit = { id: id.padEnd(40, "0").slice(0, 40), message: `commit ${id}`, distinct: true, added: [], removed: [], modified: ["a"] };
  const repository = { private: false, ssh_url: "git@github.test:acme/widgets.git", clone_url: "https://github.test/acme/widgets.git", owner: { login: "acme" } };
  return JSON.stringify({ ref: "refs/heads/main", deleted: false, head_commit: commit, commits: [commit], repository, pusher: { name: "alice" } });
}

/** Sends one request; resolves to status and body, or to nothing when the server went away. */
function post(agent, url, guid, body) {
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body), "x-github-event": "push", "x-github-delivery": guid };
  return new Promise((resolve) => {
    const call = httpRequest(url, { method: "POST", headers, agent }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk)).on("error", () => resolve());
      answer.on("end", () => resolve({ status: answer.statusCode, text: Buffer.concat(chunks).toString() }));
    });
    call.on("error", () => resolve()).end(body);
  });
}

test(`${CYCLES} kills: what a host repeats builds once, and every build is told of`, { timeout: 900_000 }, async (t) => {
  const { server, token } = await acme(t, { env: { POSTRIDER_LOG__FILTER: "warn" } });
  const app = await server.must("POST", "/apps", { owner: "acme", repository: "acme/widgets", title: "Widgets", config: CONFIG }, { token });
  const told = new Map();
  const sink = await Sink.listen(t);
  sink.answer = (request, response) => {
    const { build_number: number, build_slug: slug } = JSON.parse(request.body);
    assert.equal(request.headers["bitrise-event-type"], "build/triggered");
    told.set(slug, { number, ids: (told.get(slug)?.ids ?? new Set()).add(request.headers["x-delivery-id"]) });
    sink.requests.length = 0;
    response.end("ok");
  };
  const made = await fetch(`${server.url}/v0.1/apps/${app.slug}/outgoing-webhooks`, {
    method: "POST",
    headers: { authorization: token, "content-type": "application/json" },
    body: JSON.stringify({ url: sink.url(), events: ["build"] }),
  });
  assert.equal(made.status, 201);

  const agent = new Agent({ keepAlive: true, maxSockets: HOSTS });
  t.after(() => agent.destroy());
  const path = new URL(app.incoming_url).pathname;
  const builds = new Map();
  let stopped = false;
  const host = async (name) => {
    for (let n = 0; !stopped; n += 1) {
      const guid = `${name}-${n}`;
      // Sends again what was not answered.
      const answer = await eventually(`an answer to ${guid}`, () => post(agent, server.url + path, guid, push(guid)));
      assert.equal(answer.status, 201, answer.text);
      // Sent once more, as a host does that did not hear the answer.
      const again = n % 3 === 0 ? await post(agent, server.url + path, guid, push(guid)) : undefined;
      if (again) assert.deepEqual(again, answer);
      const [{ build_slug: slug, build_number: number }] = JSON.parse(answer.text).success_responses;
      builds.set(guid, { slug, number });
    }
  };
  const hosts = Array.from({ length: HOSTS }, (_, at) => host(`h${at}`));
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    await new Promise((resolve) => setTimeout(resolve, 150 + (cycle % 4) * 200));
    await server.kill();
    await server.up();
  }
  stopped = true;
  await Promise.all(hosts);

  t.diagnostic(`${builds.size} pushes`);
  const slugs = new Set([...builds.values()].map(({ slug }) => slug));
  assert.equal(slugs.size, builds.size, "each delivery id has a build of its own");
  const numbers = [...builds.values()].map(({ number }) => number).sort((a, b) => a - b);
  assert.deepEqual(numbers, Array.from({ length: builds.size }, (_, at) => at + 1), "numbers have no gaps");
  await eventually("every build told of", () => [...slugs].every((slug) => told.has(slug)));
  assert.deepEqual([...told.keys()].filter((slug) => !slugs.has(slug)), [], "and nothing else");
  assert.deepEqual([...told].filter(([, { ids }]) => ids.size > 1), [], "a repeat keeps its delivery id");
});
