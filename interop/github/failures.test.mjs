// Receivers that fail, and how the log words it: contract github section 6.3, checks 33-35, 44.
import assert from "node:assert/strict";
import { test } from "node:test";
import { acme, createHook } from "../lib/scene.mjs";
import { Sink } from "../lib/sink.mjs";
import { selfSigned } from "../lib/tls.mjs";
import { eventually } from "../lib/wait.mjs";

/** One attempt for each delivery, so that the log is exact. */
const ONCE = { POSTRIDER_DELIVERY__RETRIES: "none" };

/** Creates a hook and waits for the log entry of its ping. */
async function pinged({ octokit, repo }, config) {
  const hook = await createHook(octokit, repo, config);
  const at = { ...repo, hook_id: hook.id };
  const item = await eventually("the ping in the log", async () => (await octokit.rest.repos.listWebhookDeliveries(at)).data[0]);
  const { data } = await octokit.rest.repos.getWebhook(at);
  return { at, item, last: data.last_response };
}

test("check 33: an error status is recorded as such, and redirects are never followed", async (t) => {
  const scene = await acme(t, { env: ONCE });
  const lure = await Sink.listen(t);
  const sink = await Sink.listen(t, {
    answer: (request, response) => {
      const status = Number(request.url.slice(1));
      response.writeHead(status, status < 400 ? { location: lure.url() } : {}).end("no");
    },
  });
  for (const code of [500, 404, 413, 301, 302, 307, 308]) {
    const { item, last } = await pinged(scene, { url: sink.url(`/${code}`) });
    assert.deepEqual([item.status, item.status_code], [`Invalid HTTP Response: ${code}`, code]);
    assert.deepEqual(last, { code, status: null, message: `Invalid HTTP Response: ${code}` });
  }
  assert.deepEqual(lure.requests, []);
});

test("check 34: a receiver that does not answer in time, a closed port, an unknown host", async (t) => {
  const scene = await acme(t, { env: { ...ONCE, POSTRIDER_DELIVERY__TIMEOUT: "1" } });
  const mute = await Sink.listen(t, { answer: () => {} });
  const slow = await pinged(scene, { url: mute.url() });
  assert.deepEqual([slow.item.status, slow.item.status_code], ["timed out", 504]);
  assert.ok(slow.item.duration >= 1.0, `${slow.item.duration} s`);
  assert.deepEqual(slow.last, { code: 504, status: "timeout", message: "timed out" });

  // A name server that does not answer is asked once, for a second.
  const patient = await acme(t, { env: { ...ONCE, RES_OPTIONS: "timeout:1 attempts:1" } });
  const closed = await Sink.listen(t);
  await closed.close();
  for (const url of [closed.url(), "http://no-such-host.invalid/hook"]) {
    const { item, last } = await pinged(patient, { url });
    assert.deepEqual([item.status, item.status_code], ["failed to connect to host", 502], url);
    assert.deepEqual(last, { code: 502, status: "connection_error", message: "failed to connect to host" });
  }
});

test("the log writes durations with a decimal point, which PyGithub needs", async (t) => {
  const { server, token, ...scene } = await acme(t, { env: ONCE });
  const sink = await Sink.listen(t);
  const { at } = await pinged(scene, { url: sink.url() });
  const response = await fetch(`${server.url}/api/v3/repos/acme/widgets/hooks/${at.hook_id}/deliveries`, { headers: { authorization: `Bearer ${token}` } });
  assert.match(await response.text(), /"duration":\d+\.\d+,/);
});

test("check 35: a self-signed certificate fails, unless the hook says insecure_ssl", async (t) => {
  const scene = await acme(t, { env: ONCE });
  const sink = await Sink.listen(t, { tls: selfSigned(t) });
  const strict = await pinged(scene, { url: sink.url("/strict"), insecure_ssl: "0" });
  assert.equal(strict.item.status, "Peer certificate cannot be authenticated with given CA certificates");
  assert.equal(strict.item.status_code, 502);
  const lenient = await pinged(scene, { url: sink.url("/lenient"), insecure_ssl: "1" });
  assert.deepEqual([lenient.item.status, lenient.item.status_code], ["OK", 200]);
  assert.deepEqual(sink.requests.map(({ url }) => url), ["/lenient"]);
});

test("check 44: an event over 25 MiB is refused; one just below is delivered", async (t) => {
  const { server, octokit, repo } = await acme(t, { env: ONCE });
  const sink = await Sink.listen(t);
  await createHook(octokit, repo, { url: sink.url(), secret: "s" }, { events: ["watch"] });
  const limit = 25 * 1024 * 1024;
  const frame = JSON.stringify({ action: "started", pad: "" }).length;
  const body = (size) => JSON.stringify({ action: "started", pad: "x".repeat(size - frame) });
  const headers = { "ce-specversion": "1.0", "ce-id": "big", "ce-source": "/repos/acme/widgets", "ce-type": "github.watch" };
  const refused = await server.v1("POST", "/events", body(limit + 1), { headers });
  assert.deepEqual([refused.status, refused.body.error.code], [413, "too_large"]);
  const accepted = await server.publish("github.watch", "/repos/acme/widgets", body(limit));
  assert.equal(accepted.deliveries, 1);
  const request = await sink.event("watch");
  assert.equal(request.body.length, limit);
});
