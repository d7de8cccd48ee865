// Who sees which hooks of an organization, with tokens as people make them on the command line: a person's own, those of
// two OAuth applications, of another owner, of a member, of nobody, and one without the scope; over every endpoint.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Checkout } from "../lib/git.mjs";
import { Postrider, scratch } from "../lib/postrider.mjs";
import { refusal, rest } from "../lib/scene.mjs";
import { assertSchema } from "../lib/schemas.mjs";
import { VerifiedSink } from "../lib/sink.mjs";
import { eventually } from "../lib/wait.mjs";

const org = "acme";
const SECRET = "shared by all three";
/** No hook has this number. */
const ABSENT = 99999;

/** alice and bob own acme, carol belongs to it, mallory does not. */
async function start(t) {
  const server = await Postrider.start(t);
  for (const user of ["alice", "bob", "carol", "mallory"]) await server.cli("user", "create", user);
  await server.cli("org", "create", org, "--owner", "alice");
  await server.must("PUT", "/orgs/acme/members/bob", { role: "owner" });
  await server.must("PUT", "/orgs/acme/members/carol", { role: "member" });
  await server.cli("repo", "create", "acme/widgets");
  return server;
}

/** A client for a token of that user, given to an application or made for the user alone. */
async function client(server, user, app, scopes = "admin:org_hook") {
  const of = app ? ["--oauth-app", app] : [];
  return rest(server, await server.cli("token", "create", "--user", user, "--scopes", scopes, ...of));
}

/** Every operation on one hook, by its name in octokit, the status when it is allowed, and what it takes. */
const OPERATIONS = [
  ["getWebhook", 200],
  ["updateWebhook", 200, () => ({ active: true })],
  ["getWebhookConfigForOrg", 200],
  ["updateWebhookConfigForOrg", 200, () => ({ insecure_ssl: "0" })],
  ["listWebhookDeliveries", 200],
  ["getWebhookDelivery", 200, ({ delivery }) => ({ delivery_id: delivery })],
  ["redeliverWebhookDelivery", 202, ({ delivery }) => ({ delivery_id: delivery })],
  ["pingWebhook", 204],
  ["deleteWebhook", 204],
];

test("the isolation matrix over every endpoint, and a push that reaches everybody's hook once", async (t) => {
  const server = await start(t);
  const sink = await VerifiedSink.listen(t, { secret: SECRET });
  const app = async (name) => JSON.parse(await server.cli("oauth-app", "create", "--owner", "mallory", "--name", name, "--json")).client_id;
  const [a, b] = [await app("Deployer"), await app("Reporter")];
  const makers = { person: await client(server, "alice"), a: await client(server, "alice", a), b: await client(server, "alice", b) };
  const askers = [
    ["alice herself", makers.person, "person"],
    ["alice through a", makers.a, "a"],
    ["alice through b", makers.b, "b"],
    ["another owner", await client(server, "bob"), "person"],
    ["another owner through b", await client(server, "bob", b), "b"],
    ["a member", await client(server, "carol")],
    ["a member through a", await client(server, "carol", a)],
    ["nobody", await client(server, "mallory")],
    ["nobody through a, whose owner they are", await client(server, "mallory", a)],
    ["an owner without the scope", await client(server, "alice", undefined, "repo,admin:org,user")],
    ["a without the scope", await client(server, "alice", a, "repo,admin:org,user")],
    ["without a token", rest(server)],
  ];

  const hooks = {};
  const config = { url: sink.url(), content_type: "json", secret: SECRET };
  for (const [maker, { rest: { orgs } }] of Object.entries(makers)) {
    const { data } = await orgs.createWebhook({ org, name: "web", config, events: ["push"] });
    const [delivery] = await eventually("the ping", async () => {
      const listed = (await orgs.listWebhookDeliveries({ org, hook_id: data.id })).data;
      return listed.length > 0 && listed;
    });
    hooks[maker] = { ...data, delivery: delivery.id };
  }

  for (const [asker, octokit, sees] of askers) {
    const listed = octokit.rest.orgs.listWebhooks({ org });
    if (sees) assert.deepEqual((await listed).data.map(({ id }) => id), [hooks[sees].id], asker);
    else assert.deepEqual((await refusal(listed)).body.message, "Not Found", asker);
    for (const [maker, hook] of Object.entries(hooks)) {
      for (const [operation, good, more = () => ({})] of OPERATIONS) {
        const label = `${asker}: ${operation} of ${maker}`;
        const call = (hook_id) => octokit.rest.orgs[operation]({ org, hook_id, ...more(hook) });
        if (sees === maker) {
          if (operation !== "deleteWebhook") assert.equal((await call(hook.id)).status, good, label);
          continue;
        }
        const [hidden, absent] = [await refusal(call(hook.id)), await refusal(call(ABSENT))];
        assert.deepEqual([hidden.status, hidden.body.message], [404, "Not Found"], label);
        assert.deepEqual(hidden.body, absent.body, `${label}: as if there were none`);
      }
    }
    const made = octokit.rest.orgs.createWebhook({ org, name: "web", config: { url: `${sink.url()}?team` }, events: ["team"], active: false });
    if (!sees) {
      assert.equal((await refusal(made)).status, 404, asker);
      continue;
    }
    const own = (await made).data;
    assert.equal((await octokit.rest.orgs.deleteWebhook({ org, hook_id: own.id })).status, 204, asker);
  }

  const checkout = await Checkout.create(scratch(t));
  const pusher = await server.cli("token", "create", "--user", "alice", "--scopes", "repo,events:write");
  await server.cliAs(pusher, "git", "attach", "acme/widgets", "--path", checkout.bare);
  const commit = await checkout.commit("For everybody");
  await checkout.push("main");
  await sink.event("push", 3);
  const log = async (maker) => {
    const { data } = await makers[maker].rest.orgs.listWebhookDeliveries({ org, hook_id: hooks[maker].id, per_page: 100 });
    return data.filter(({ event }) => event === "push");
  };
  for (const maker of Object.keys(makers)) {
    const [one, ...more] = await eventually(`the push in the log of ${maker}`, async () => ((found) => found.length > 0 && found)(await log(maker)));
    assert.deepEqual([one.status, more], ["OK", []], maker);
  }
  const pushes = sink.matching(({ event }) => event === "push");
  assert.deepEqual(pushes.map(({ headers }) => Number(headers["x-github-hook-id"])).sort(), Object.values(hooks).map(({ id }) => id).sort(), "once each");
  assert.equal(new Set(pushes.map(({ guid }) => guid)).size, 1, "one event, one GUID");
  for (const { payload } of pushes) {
    assertSchema("push", payload);
    assert.equal(payload.after, commit);
  }
  assert.deepEqual(sink.refused, []);
});
