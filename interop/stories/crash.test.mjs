// The server dies between accept and delivery, or is away during a push: nothing that was accepted is lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Checkout } from "../lib/git.mjs";
import { scratch } from "../lib/postrider.mjs";
import { acme, createHook } from "../lib/scene.mjs";
import { assertSchema } from "../lib/schemas.mjs";
import { Sink, VerifiedSink } from "../lib/sink.mjs";

const SECRET = "survives";

/** A hook whose receiver keeps its port: hanging until `openUp` replaces it by a verifying one. */
async function hangingHook(t, { octokit, repo }) {
  const held = await Sink.listen(t, { answer: () => {} });
  const hook = await createHook(octokit, repo, { url: held.url(), secret: SECRET }, { events: ["push", "create"] });
  await held.event("ping");
  const openUp = async () => {
    await held.close();
    return VerifiedSink.listen(t, { secret: SECRET, port: held.port });
  };
  return { held, hook, openUp };
}

test("a push accepted while the receiver hangs survives SIGKILL and arrives after the restart", async (t) => {
  // A hook that never answered gets one exchange at a time: the push follows when its ping has timed out.
  const scene = await acme(t, { env: { POSTRIDER_DELIVERY__TIMEOUT: "2" } });
  const { server, token } = scene;
  const { held, openUp } = await hangingHook(t, scene);
  const checkout = await Checkout.create(scratch(t));
  await server.cliAs(token, "git", "attach", "acme/widgets", "--path", checkout.bare);
  const tip = await checkout.commit("First");
  await checkout.push("main");
  const waiting = await held.event("push");
  await server.kill();

  const sink = await openUp();
  await server.up();
  const push = await sink.until("the push", (request) => request.event === "push");
  await sink.event("create");
  await sink.event("ping");
  assert.equal(push[0].guid, waiting.guid);
  assert.equal(push[0].payload.after, tip);
  assert.deepEqual(push[0].body, waiting.body);
  for (const request of sink.requests) assertSchema(request.event, request.payload);
});

test("events accepted while the receiver is down survive SIGKILL, each GUID at least once", async (t) => {
  const scene = await acme(t);
  const { server, octokit, repo } = scene;
  const sink = await Sink.listen(t);
  await createHook(octokit, repo, { url: sink.url(), secret: SECRET }, { events: ["watch"] });
  await sink.event("ping");
  await sink.close();
  const accepted = new Set();
  for (let n = 0; n < 20; n += 1) {
    const answer = await server.publish("github.watch", "/repos/acme/widgets", { action: "started", n });
    assert.equal(answer.deliveries, 1);
    accepted.add(n);
  }
  await server.kill();
  await sink.open(sink.port);
  await server.up();
  const numbers = () => new Set(sink.requests.filter((r) => r.event === "watch").map((r) => JSON.parse(r.body).n));
  await sink.until("the last of the accepted events", () => numbers().size === accepted.size);
  const guids = sink.requests.filter((r) => r.event === "watch").map((r) => [JSON.parse(r.body).n, r.guid]);
  assert.equal(new Set(guids.map(([, guid]) => guid)).size, accepted.size, "a repeat keeps its GUID");
});

test("pushes made while the server is away are spooled and arrive after a flush, once", async (t) => {
  const scene = await acme(t);
  const { server, token, octokit, repo } = scene;
  const sink = await VerifiedSink.listen(t, { secret: SECRET });
  await createHook(octokit, repo, { url: sink.url(), secret: SECRET }, { events: ["push", "create", "delete"] });
  await sink.event("ping");
  const checkout = await Checkout.create(scratch(t));
  await server.cliAs(token, "git", "attach", "acme/widgets", "--path", checkout.bare);
  await checkout.commit("Before");
  await checkout.push("main");
  await sink.event("push");
  await server.kill();

  const tips = [];
  for (const message of ["Away, one", "Away, two", "Away, three"]) {
    tips.push(await checkout.commit(message));
    await checkout.push("main");
  }
  await checkout.git("tag", "v2");
  await checkout.push("v2");

  await server.up();
  await server.cliAs(token, "git", "flush", "--path", checkout.bare);
  // The crash may repeat the first push, under its own GUID (P4).
  const pushes = () => [...new Map(sink.matching(({ event }) => event === "push").map((request) => [request.guid, request.payload])).values()];
  await sink.until("five pushes", () => pushes().length === 5);
  const away = pushes().filter(({ ref, created }) => ref === "refs/heads/main" && !created);
  assert.deepEqual(away.map(({ after }) => after).sort(), [...tips].sort());
  assert.deepEqual(away.flatMap(({ commits }) => commits.map(({ id }) => id)).sort(), [...tips].sort());
  await sink.until("the tag", (request) => request.event === "create" && request.payload.ref === "v2");

  await server.cliAs(token, "git", "flush", "--path", checkout.bare);
  await checkout.commit("After");
  await checkout.push("main");
  await sink.until("the next push", () => pushes().length >= 6);
  assert.equal(pushes().length, 6, "a second flush sends nothing twice");
  assert.deepEqual(sink.refused, []);
});
