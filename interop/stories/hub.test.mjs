// The hub of the old documentation: its curl line as it stands, a push, a change, and the end of it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { Checkout } from "../lib/git.mjs";
import { cleanEnvironment, scratch } from "../lib/postrider.mjs";
import { acme } from "../lib/scene.mjs";
import { assertSchema } from "../lib/schemas.mjs";
import { Sink } from "../lib/sink.mjs";
import { assertHeaders, assertSigned, assertUnsigned, payloadOf } from "../lib/verify.mjs";
import { PATIENCE, eventually } from "../lib/wait.mjs";

const run = promisify(execFile);

/** The documented line; `more` goes behind it. Resolves to curl's output: the answer's head and body. */
async function curl(api, user, mode, topic, callback, ...more) {
  const line = [
    "-u", user, "-i",
    `${api}/hub`,
    "-F", `hub.mode=${mode}`,
    "-F", `hub.topic=${topic}`,
    "-F", `hub.callback=${callback}`,
  ];
  const { stdout } = await run("curl", ["--silent", "--show-error", ...line, ...more], { env: cleanEnvironment(), timeout: PATIENCE });
  return stdout;
}

const NO_CONTENT = /^(HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 204 No Content\r\n[^]*\r\n\r\n$/;

test("curl subscribes to pushes, changes the subscription and ends it", async (t) => {
  const { server, token, octokit, repo } = await acme(t);
  const sink = await Sink.listen(t);
  const callback = sink.url("/123");
  const topic = "https://github.com/acme/widgets/events/push";
  const [api, user] = [`${server.url}/api/v3`, `alice:${token}`];
  const hooks = async () => (await octokit.rest.repos.listWebhooks(repo)).data;

  assert.match(await curl(api, user, "subscribe", topic, callback), NO_CONTENT);
  const [hook] = await hooks();
  assert.deepEqual([hook.config.url, hook.config.content_type, hook.events], [callback, "form", ["push"]]);
  assertUnsigned(await sink.event("ping"));
  assert.equal(sink.requests[0].method, "POST", "nothing asked the callback for its consent");

  assert.match(await curl(api, user, "subscribe", topic, callback, "-F", "hub.secret=it's a secret"), NO_CONTENT);
  assert.equal((await hooks()).length, 1);

  const checkout = await Checkout.create(scratch(t));
  await server.cliAs(token, "git", "attach", "acme/widgets", "--path", checkout.bare);
  const push = async (message) => {
    const commit = await checkout.commit(message);
    await checkout.push("main");
    return commit;
  };
  const target = { type: "repository", id: (await octokit.rest.repos.get(repo)).data.id };
  const arrived = async (count, commit, format, secret) => {
    const request = await sink.event("push", count);
    assertHeaders(request, { hook: hook.id, event: "push", target, format });
    assertSigned(request, secret);
    const payload = payloadOf(request);
    assertSchema("push", payload);
    assert.equal(payload.after, commit);
    assert.equal(request.headers.link, undefined);
  };
  await arrived(1, await push("First"), "form", "it's a secret");

  assert.match(await curl(server.url, user, "subscribe", `${topic}.json`, callback, "-F", "hub.secret=another"), NO_CONTENT);
  const [changed, ...others] = await hooks();
  assert.deepEqual([changed.id, changed.config.content_type, others], [hook.id, "json", []]);
  await arrived(2, await push("Second"), "json", "another");

  // Another hook hears the push that this one must not.
  const witness = await Sink.listen(t);
  assert.match(await curl(api, user, "subscribe", topic, witness.url("/123")), NO_CONTENT);
  assert.match(await curl(api, user, "unsubscribe", topic, callback), NO_CONTENT);
  assert.deepEqual((await hooks()).map(({ config }) => config.url), [witness.url("/123")]);
  await push("Third");
  await witness.event("push");
  await eventually("an empty queue", async () => (await server.must("GET", "/doctor")).conservation.open === 0);
  assert.equal(sink.matching(({ event }) => event === "push").length, 2);
  assert.deepEqual(sink.requests.map(({ event }) => event), ["ping", "push", "push"], "and one ping");
});

test("curl is told what is wrong", async (t) => {
  const { server, token } = await acme(t);
  const api = `${server.url}/api/v3`;
  const topic = "https://github.com/acme/widgets/events/push";
  const refusal = async (...args) => {
    const answer = await curl(api, ...args);
    return [Number(/^HTTP\/1\.1 (\d+)/.exec(answer.replace(/^HTTP\/1\.1 100[^]*?\r\n\r\n/, ""))[1]), JSON.parse(/\r\n\r\n(\{[^]*)$/.exec(answer)[1]).message];
  };
  const me = `alice:${token}`;
  assert.deepEqual(await refusal("alice:nonsense", "subscribe", topic, "http://127.0.0.1:1026"), [401, "Bad credentials"]);
  assert.deepEqual(await refusal(me, "subscribe", `${topic}ed`, "http://127.0.0.1:1026"), [422, 'Invalid event: "pushed"']);
  assert.deepEqual(await refusal(me, "subscribe", topic, ""), [422, "Invalid hub.callback: ''"]);
  const elsewhere = "https://github.com/acme/nothing/events/push";
  assert.deepEqual(await refusal(me, "subscribe", elsewhere, "http://127.0.0.1:1026"), [422, `No repository found for hub.topic: "${elsewhere}"`]);
  const [status, message] = await refusal(me, "subscribe", topic, "http://10.0.0.1/");
  assert.equal(status, 422);
  assert.match(message, /^Invalid hub\.callback: 'http:\/\/10\.0\.0\.1\/' is not supported because it isn't reachable/);
});
