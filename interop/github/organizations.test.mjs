// Hooks of an organization through octokit: contract github section 6.3, checks 1, 9, 10, 13-18, 20-22, 26-28, 36, 37.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEAD_END, acme, full, refusal, rest, tokenFor } from "../lib/scene.mjs";
import { assertSchema } from "../lib/schemas.mjs";
import { Sink, VerifiedSink } from "../lib/sink.mjs";
import { assertHeaders, assertSigned, assertUnsigned, payloadOf } from "../lib/verify.mjs";
import { eventually } from "../lib/wait.mjs";

const org = "acme";
const MASK = "********";

/** Creates a hook of the organization; octokit insists on the name. */
async function create(octokit, config, more = {}) {
  const { data } = await octokit.rest.orgs.createWebhook({ org, name: "web", config: { content_type: "json", ...config }, ...more });
  return data;
}

test("checks 1, 26, 28: a hook is created, pinged, listed and read as GitHub's organizations have it", async (t) => {
  const { server, octokit } = await acme(t);
  const sink = await Sink.listen(t);
  const answer = await octokit.rest.orgs.createWebhook({ org, name: "web", config: { url: sink.url(), content_type: "json", secret: "s" } });
  const hook = answer.data;
  assert.deepEqual([answer.status, answer.headers.location], [201, hook.url]);
  assert.equal(hook.url, `${server.url}/api/v3/orgs/acme/hooks/${hook.id}`);
  assert.deepEqual(Object.keys(hook).sort(), ["active", "config", "created_at", "deliveries_url", "events", "id", "name", "ping_url", "type", "updated_at", "url"]);
  assert.deepEqual([hook.type, hook.name, hook.events, hook.config.secret], ["Organization", "web", ["push"], MASK]);

  const { data: organization } = await octokit.rest.orgs.get({ org });
  const ping = await sink.event("ping");
  assertHeaders(ping, { hook: hook.id, event: "ping", target: { type: "organization", id: organization.id } });
  assertSigned(ping, "s");
  const payload = payloadOf(ping);
  assertSchema("ping", payload);
  assert.deepEqual([payload.hook, payload.repository, payload.organization.login], [hook, undefined, "acme"]);

  assert.deepEqual((await octokit.rest.orgs.listWebhooks({ org })).data, [hook]);
  assert.deepEqual((await octokit.rest.orgs.getWebhook({ org, hook_id: hook.id })).data, hook);
  assert.equal((await octokit.rest.orgs.pingWebhook({ org, hook_id: hook.id })).status, 204);
  await sink.event("ping", 2);
  const { status } = await refusal(octokit.request("POST /orgs/{org}/hooks/{hook_id}/tests", { org, hook_id: hook.id }));
  assert.equal(status, 404);
  assert.equal((await octokit.rest.orgs.deleteWebhook({ org, hook_id: hook.id })).status, 204);
  const gone = await refusal(octokit.rest.orgs.getWebhook({ org, hook_id: hook.id }));
  assert.deepEqual([gone.status, gone.body.documentation_url], [404, "https://docs.github.com/rest/orgs/webhooks#get-an-organization-webhook"]);
});

test("checks 9, 10: duplicates and full events are refused for this organization", async (t) => {
  const { octokit } = await acme(t);
  const hook = { url: `${DEAD_END}/0` };
  await create(octokit, hook, { active: false });
  const twice = await refusal(create(octokit, hook, { active: false }));
  assert.deepEqual(twice.body.errors, [{ resource: "Hook", code: "custom", message: "Hook already exists on this organization" }]);
  for (let n = 1; n < 20; n += 1) await create(octokit, { url: `${DEAD_END}/${n}` }, { active: false });
  const full = await refusal(create(octokit, { url: `${DEAD_END}/20` }));
  assert.deepEqual(full.body.errors, [{ resource: "Hook", code: "custom", message: 'The "push" event cannot have more than 20 hooks' }]);
  await create(octokit, { url: `${DEAD_END}/20` }, { events: ["organization", "team"], active: false });
});

test("checks 13 to 18: edits", async (t) => {
  const { octokit } = await acme(t);
  const sink = await Sink.listen(t);
  const hook = await create(octokit, { url: sink.url(), secret: "s" });
  const at = { org, hook_id: hook.id };
  const update = async (body) => (await octokit.request("PATCH /orgs/{org}/hooks/{hook_id}", { ...at, ...body })).data;
  await sink.event("ping");
  assert.deepEqual((await update({ config: {}, name: "bob" })).name, "web");
  assert.deepEqual((await update({ events: ["push"], add_events: ["team"], remove_events: ["push"] })).events, ["push"]);
  assert.deepEqual((await update({ add_events: ["team"], remove_events: ["team"] })).events, ["push", "team"]);
  assert.deepEqual((await update({ active: false })).active, false);

  const config = await octokit.rest.orgs.updateWebhookConfigForOrg({ ...at, content_type: "form" });
  assert.deepEqual(config.data, { content_type: "form", insecure_ssl: "0", secret: MASK, url: sink.url() });
  assert.deepEqual((await octokit.rest.orgs.getWebhookConfigForOrg(at)).data, config.data);
  await octokit.rest.orgs.pingWebhook(at);
  assertSigned(await sink.event("ping", 2), "s");

  const { data } = await octokit.rest.orgs.updateWebhook({ ...at, config: { url: sink.url("/other") } });
  assert.deepEqual(data.config, { content_type: "form", insecure_ssl: "0", url: sink.url("/other") });
  await octokit.rest.orgs.pingWebhook(at);
  assertUnsigned(await sink.event("ping", 3));
});

test("checks 21, 22: pages and conditional requests", async (t) => {
  const { octokit } = await acme(t);
  const ids = [];
  for (let n = 0; n < 31; n += 1) {
    const events = n % 2 ? ["issues"] : ["push"];
    ids.push((await create(octokit, { url: `${DEAD_END}/${n}` }, { events, active: false })).id);
  }
  const first = await octokit.rest.orgs.listWebhooks({ org });
  assert.equal(first.data.length, 30);
  assert.match(first.headers.link, /orgs\/acme\/hooks\?page=2>; rel="next", .*rel="last"/);
  const all = await octokit.paginate(octokit.rest.orgs.listWebhooks, { org, per_page: 7 });
  assert.deepEqual(all.map(({ id }) => id), ids);
  const at = { org, hook_id: ids[0] };
  const { headers } = await octokit.rest.orgs.getWebhook(at);
  assert.equal((await refusal(octokit.rest.orgs.getWebhook({ ...at, headers: { "if-none-match": headers.etag } }))).status, 304);
  await octokit.rest.orgs.updateWebhook({ ...at, events: ["team"] });
  assert.equal((await octokit.rest.orgs.getWebhook({ ...at, headers: { "if-none-match": headers.etag } })).status, 200);
});

test("checks 36, 37: events of every repository, one guid each, listed, read and redelivered", async (t) => {
  const { server, octokit, repo } = await acme(t);
  const sink = await VerifiedSink.listen(t, { secret: "s" });
  const hook = await create(octokit, { url: sink.url(), secret: "s" }, { events: ["watch", "member", "organization"] });
  const other = await Sink.listen(t);
  await octokit.rest.repos.createWebhook({ ...repo, config: { url: other.url(), content_type: "json" }, events: ["*"] });
  await other.event("ping");
  for (const name of ["widgets", "gadgets"]) await server.publish("github.watch", `/repos/acme/${name}`, { action: "started", name });
  await sink.event("watch", 2);
  const [widgets] = sink.matching(({ payload }) => payload.name === "widgets");
  assert.equal((await other.event("watch")).guid, widgets.guid);

  await server.must("POST", "/users", { login: "bob", email: "bob@acme.test" });
  const { data: membership } = await octokit.rest.orgs.setMembershipForUser({ org, username: "bob" });
  assert.deepEqual([membership.state, membership.role, membership.user.login], ["active", "member", "bob"]);
  assert.equal((await octokit.rest.orgs.getMembershipForUser({ org, username: "bob" })).data.role, "member");
  await server.must("PUT", "/repos/acme/widgets/collaborators/bob", { permission: "write" });
  await octokit.rest.orgs.removeMembershipForUser({ org, username: "bob" });
  await sink.event("organization", 2);
  const told = sink.requests.filter(({ event }) => event !== "ping").slice(2);
  assert.deepEqual(told.map(({ event, payload }) => `${event}.${payload.action}`).sort(), ["member.added", "organization.member_added", "organization.member_removed"]);
  for (const { event, payload } of told) assertSchema(event, payload);
  assert.equal((await other.event("member")).guid, told.find(({ event }) => event === "member").guid);
  assert.deepEqual(other.requests.map(({ event }) => event), ["ping", "watch", "member"], "what is the organization's is not the repository's");
  assert.deepEqual(sink.refused, []);

  const at = { org, hook_id: hook.id };
  const log = await eventually("all deliveries", async () => {
    const all = await octokit.paginate("GET /orgs/{org}/hooks/{hook_id}/deliveries", { ...at, per_page: 1 });
    return all.length === 6 && all;
  });
  assert.deepEqual(log.filter(({ repository_id }) => repository_id === null).map(({ event }) => event).sort(), ["organization", "organization", "ping"]);
  const watch = log.find(({ guid }) => guid === widgets.guid);
  const { data: single } = await octokit.rest.orgs.getWebhookDelivery({ ...at, delivery_id: watch.id });
  assert.deepEqual(single.request.payload, widgets.payload);
  assert.equal((await octokit.rest.orgs.redeliverWebhookDelivery({ ...at, delivery_id: watch.id })).status, 202);
  const again = await sink.until("the redelivery", ({ guid }) => guid === widgets.guid, 2);
  assert.deepEqual(again[1].body, again[0].body);
});

test("owners with the scope, and nobody else; numbers and the old preview are good", async (t) => {
  const { server, token, octokit } = await acme(t);
  const hook = await create(octokit, { url: `${DEAD_END}/access` }, { active: false });
  const denied = async (call) => assert.deepEqual((({ status, body }) => [status, body.message])(await refusal(call)), [404, "Not Found"]);
  await server.must("POST", "/users", { login: "bob" });
  const bob = rest(server, await tokenFor(server, "bob", ["admin:org_hook"]));
  await denied(bob.rest.orgs.listWebhooks({ org }));
  await server.must("PUT", "/orgs/acme/members/bob", { role: "member" });
  await denied(bob.rest.orgs.listWebhooks({ org }));
  await server.must("PUT", "/orgs/acme/members/bob", { role: "owner" });
  const seen = await bob.rest.orgs.listWebhooks({ org });
  assert.deepEqual(seen.data.map(({ id }) => id), [hook.id]);
  assert.equal(seen.headers["x-accepted-oauth-scopes"], "admin:org_hook");
  await denied(rest(server, await tokenFor(server, "alice", ["repo", "admin:org"])).rest.orgs.listWebhooks({ org }));
  await denied(rest(server).rest.orgs.listWebhooks({ org }));

  const { data: organization } = await octokit.rest.orgs.get({ org });
  const preview = full(server, token);
  const headers = { accept: "application/vnd.github.polaris-preview+json" };
  const answer = await preview.request("GET /organizations/{id}/hooks", { id: organization.id, headers });
  assert.deepEqual(answer.data, [hook]);
  assert.equal(answer.headers["x-github-media-type"], "github.polaris-preview; format=json");
});
