// Every example payload that GitHub's own library publishes, passed through and received byte for byte.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { DEAD_END, acme, createHook } from "../lib/scene.mjs";
import { VerifiedSink } from "../lib/sink.mjs";

const examples = createRequire(import.meta.url)("@octokit/webhooks-examples");
const SECRET = "byte for byte";
/** Events of an organization itself, which only its own hooks get. */
const ORGANIZATION_ONLY = new Set(["membership", "organization", "org_block", "projects_v2_item", "team"]);
/** Is it for the organization's hooks alone? The end of a repository is no news for the repository's own. */
const ofOrganization = (name, { action }) => ORGANIZATION_ONLY.has(name) || (name === "repository" && action === "deleted");

test("every example of @octokit/webhooks-examples arrives byte for byte and verified", async (t) => {
  const { server, token, octokit, repo } = await acme(t);
  const sink = await VerifiedSink.listen(t, { secret: SECRET });
  await createHook(octokit, repo, { url: sink.url(), secret: SECRET }, { events: ["*"] });
  await sink.event("ping");

  const sent = new Map();
  for (const { name, examples: payloads } of examples) {
    for (const [at, payload] of payloads.entries()) {
      if (ofOrganization(name, payload)) continue;
      const body = at % 2 === 0 ? JSON.stringify(payload) : JSON.stringify(payload, null, 2);
      const answer = await server.publish(`github.${name}`, "/repos/acme/widgets", body, { token });
      assert.equal(answer.deliveries, 1, name);
      sent.set(answer.uid, { name, body });
    }
  }
  assert.ok(sent.size > 250, `${sent.size} examples`);
  const received = await sink.until("examples", (request) => sent.has(request.guid), sent.size);
  for (const request of received) {
    const expected = sent.get(request.guid);
    assert.equal(request.event, expected.name);
    assert.equal(request.body.toString(), expected.body, `${expected.name}: other bytes`);
  }
  assert.deepEqual(sink.refused, []);
});

test("examples of organization events reach an organization hook byte for byte", async (t) => {
  const { server, token, octokit, repo } = await acme(t);
  const sink = await VerifiedSink.listen(t, { secret: SECRET });
  const config = { url: sink.url(), content_type: "json", secret: SECRET };
  await octokit.rest.orgs.createWebhook({ org: "acme", name: "web", config, events: ["*"] });
  await createHook(octokit, repo, { url: DEAD_END }, { events: ["*"] });
  const sent = new Map();
  for (const { name, examples: payloads } of examples) {
    for (const payload of payloads.filter((payload) => ofOrganization(name, payload))) {
      const body = JSON.stringify(payload);
      // Some of them happen in a repository; its hook, which listens to everything, does not hear of them either.
      const source = payload.repository ? "/repos/acme/widgets" : "/orgs/acme";
      const answer = await server.publish(`github.${name}`, source, body, { token });
      assert.equal(answer.deliveries, 1, name);
      sent.set(answer.uid, body);
    }
  }
  const received = await sink.until("examples", (request) => sent.has(request.guid), sent.size);
  for (const request of received) assert.equal(request.body.toString(), sent.get(request.guid));
  assert.deepEqual(sink.refused, []);
});
