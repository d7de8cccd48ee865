// Two servers that relay to each other: what comes in at one goes round between them until its deliveries have been counted (D-8).
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { acme, createHook } from "../lib/scene.mjs";
import { VerifiedSink } from "../lib/sink.mjs";
import { eventually } from "../lib/wait.mjs";

const examples = createRequire(import.meta.url)("@octokit/webhooks-examples");
const ROCKET = { owner: "acme", repo: "rocket" };
const SECRET = "what the hooks here sign with";
const isPush = ({ event }) => event === "push";

/** A server with a relaying app of acme/rocket, and somebody who listens to that repository. */
async function relaying(t) {
  const scene = await acme(t);
  await scene.server.must("POST", "/repos", { owner: "acme", name: "rocket" }, { token: scene.token });
  const made = await scene.server.cliAs(scene.token, "app", "create", "--owner", "acme", "--repo", "acme/rocket", "--relay", "--json");
  const listener = await VerifiedSink.listen(t, { secret: SECRET });
  await createHook(scene.octokit, ROCKET, { url: listener.url(), secret: SECRET }, { events: ["push"] });
  await listener.event("ping");
  const app = JSON.parse(made);
  // Its path: the URL may be told with another host than the test reaches it by.
  const door = scene.server.url + new URL(app.incoming_urls.github).pathname;
  return { ...scene, app, listener, door };
}

/** What the host says of a branch. */
async function push(door, branch) {
  const payload = structuredClone(examples.find(({ name }) => name === "push").examples[0]);
  Object.assign(payload, { ref: `refs/heads/${branch}`, before: "1".repeat(40), after: "2".repeat(40), created: false, deleted: false, forced: false });
  const headers = { "content-type": "application/json", "x-github-event": "push", "x-github-delivery": crypto.randomUUID() };
  const response = await fetch(door, { method: "POST", headers, body: JSON.stringify(payload) });
  await response.text();
  assert.ok(response.status < 300, `${response.status}`);
}

/** What a listener heard of a branch: how many deliveries each message had behind it. */
function heard({ listener }, branch) {
  const about = listener.matching((request) => isPush(request) && request.payload.ref === `refs/heads/${branch}`);
  return about.map(({ headers }) => headers["postrider-hops"]).sort();
}

test("D-8: what goes round between two servers is heard by everybody on the way, ends, and the log says why", async (t) => {
  const [here, there] = [await relaying(t), await relaying(t)];
  await createHook(here.octokit, ROCKET, { url: there.door }, { events: ["push"] });
  const { id: back } = await createHook(there.octokit, ROCKET, { url: here.door }, { events: ["push"] });
  const refused = async (count) => {
    const { data } = await there.octokit.rest.repos.listWebhookDeliveries({ ...ROCKET, hook_id: back, per_page: 100 });
    const guids = new Set(data.filter(({ status_code }) => status_code === 508).map(({ guid }) => guid));
    return guids.size >= count && guids.size;
  };

  // The second after the first has ended: a circle that was broken holds nothing else up.
  for (const [at, branch] of ["main", "later"].entries()) {
    await push(here.door, branch);
    assert.equal(await eventually(`the end of ${branch}`, () => refused(at + 1)), at + 1);
    const both = await eventually(`all of ${branch}`, () => {
      const both = [heard(here, branch), heard(there, branch)];
      return both.every((hops) => hops.length >= 3) && both;
    });
    assert.deepEqual(both, [["1", "3", "5"], ["2", "4", "6"]]);
  }
  for (const { listener } of [here, there]) assert.deepEqual(listener.refused, []);
  // The server that broke it says so, and names the app, without its token.
  const said = await eventually("the log line", () => here.server.log.split("\n").find((line) => line.includes("go round in a circle")));
  assert.ok(said.includes(here.app.slug), said);
  assert.ok(!here.server.log.includes(here.door.split("/").at(-1)));
  assert.ok(!there.server.log.includes("go round in a circle"));
});
