// Hooks of a repository through octokit: contract github section 6.3, checks 1-12, 16-18, 20, 26, 46.
import assert from "node:assert/strict";
import { before, describe, it, test } from "node:test";
import { forSuite } from "../lib/postrider.mjs";
import { DEAD_END, acme, createHook, full, refusal, rest } from "../lib/scene.mjs";

const MASK = "********";
let scene;
let counter = 0;

/** A repository of its own for a test, so that limits and duplicates do not meet. */
async function freshRepository() {
  counter += 1;
  const name = `repo-${counter}`;
  await scene.server.must("POST", "/repos", { owner: "acme", name }, { token: scene.token });
  return { owner: "acme", repo: name };
}

/** A URL nothing listens on; another one each time. */
function deadEnd() {
  counter += 1;
  return `${DEAD_END}/hook/${counter}`;
}

const create = (repo, body) => scene.octokit.request("POST /repos/{owner}/{repo}/hooks", { ...repo, ...body });
const update = (repo, hook_id, body) => scene.octokit.request("PATCH /repos/{owner}/{repo}/hooks/{hook_id}", { ...repo, hook_id, ...body });
const list = (repo) => scene.octokit.rest.repos.listWebhooks(repo).then(({ data }) => data);
const validationErrors = async (call) => {
  const { status, body } = await refusal(call);
  assert.equal(status, 422);
  assert.equal(body.message, "Validation Failed");
  assert.match(body.documentation_url, /^https:\/\/docs\.github\.com\/rest\//);
  return body.errors;
};

describe("hooks of a repository", () => {
  const t = forSuite();
  before(async () => {
    scene = await acme(t);
  });

  it("check 1: create answers 201 with Location; the list shows the hook with its secret masked", async () => {
    const repo = await freshRepository();
    const answer = await create(repo, { config: { url: deadEnd(), content_type: "json", secret: "s" } });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.location, answer.data.url);
    assert.deepEqual(answer.data.last_response, { code: null, status: "unused", message: null });
    const hooks = await list(repo);
    assert.deepEqual(hooks.map((hook) => [hook.id, hook.name, hook.config.secret]), [[answer.data.id, "web", MASK]]);
  });

  it("check 2: a URL alone gets the defaults", async () => {
    const { data } = await create(await freshRepository(), { config: { url: `${DEAD_END}/defaults` } });
    assert.deepEqual(data.events, ["push"]);
    assert.equal(data.active, true);
    assert.deepEqual(data.config, { content_type: "form", insecure_ssl: "0", url: `${DEAD_END}/defaults` });
    assert.deepEqual([data.type, data.name], ["Repository", "web"]);
  });

  it("check 3: no events means push; a star stays a star", async () => {
    const repo = await freshRepository();
    assert.deepEqual((await create(repo, { config: { url: deadEnd() }, events: [] })).data.events, ["push"]);
    assert.deepEqual((await create(repo, { config: { url: deadEnd() }, events: ["*"] })).data.events, ["*"]);
  });

  it("check 4: a missing or blank URL is refused", async () => {
    const repo = await freshRepository();
    for (const body of [{}, { config: {} }, { config: { content_type: "json" } }, { config: { url: "" } }]) {
      assert.deepEqual(await validationErrors(create(repo, body)), [
        { resource: "Hook", code: "custom", field: "url", message: "url cannot be blank" },
      ]);
    }
  });

  it("check 5: only the name web exists", async () => {
    const errors = await validationErrors(create(await freshRepository(), { name: "xxx", config: { url: deadEnd() } }));
    assert.deepEqual(errors, [{ value: "xxx", resource: "Hook", field: "name", code: "invalid" }]);
  });

  it("check 6: an unknown event is refused and nothing is created", async () => {
    const repo = await freshRepository();
    for (const name of ["nope", "download", "gist", "organization", "installation"]) {
      const errors = await validationErrors(create(repo, { config: { url: deadEnd() }, events: ["push", name] }));
      assert.deepEqual([errors[0].resource, errors[0].field], ["Hook", "events"], name);
    }
    assert.deepEqual(await list(repo), []);
  });

  it("check 7: events of a wrong type are an invalid request without an error list", async () => {
    const repo = await freshRepository();
    for (const events of [null, "push", { push: true }, [7]]) {
      const { status, body } = await refusal(create(repo, { config: { url: deadEnd() }, events }));
      assert.equal(status, 422);
      assert.match(body.message, /^Invalid request\./);
      assert.equal(body.errors, undefined);
    }
  });

  it("check 8: broken JSON and JSON that is no object are 400", async () => {
    const repo = await freshRepository();
    const post = async (body) => {
      const headers = { authorization: `token ${scene.token}`, "content-type": "application/json" };
      const response = await fetch(`${scene.server.url}/api/v3/repos/acme/${repo.repo}/hooks`, { method: "POST", headers, body });
      return [response.status, (await response.json()).message];
    };
    assert.deepEqual(await post('{"config":'), [400, "Problems parsing JSON"]);
    assert.deepEqual(await post("[]"), [400, "Body should be a JSON object"]);
    assert.deepEqual(await post('"hook"'), [400, "Body should be a JSON object"]);
  });

  it("check 9: the same config with an overlapping event exists already; disjoint events are fine", async () => {
    const repo = await freshRepository();
    const config = { url: deadEnd(), content_type: "json" };
    await create(repo, { config, events: ["push", "issues"] });
    assert.deepEqual(await validationErrors(create(repo, { config, events: ["push"] })), [
      { resource: "Hook", code: "custom", message: "Hook already exists on this repository" },
    ]);
    assert.equal((await create(repo, { config, events: ["status"] })).status, 201);
  });

  it("check 10: an event has at most twenty hooks, counted for each event", async () => {
    const repo = await freshRepository();
    const limit = (event) => ({ resource: "Hook", code: "custom", message: `The "${event}" event cannot have more than 20 hooks` });
    for (let n = 0; n < 20; n += 1) await create(repo, { config: { url: deadEnd() }, events: ["push"] });
    assert.deepEqual(await validationErrors(create(repo, { config: { url: deadEnd() }, events: ["push"] })), [limit("push")]);
    for (let n = 0; n < 20; n += 1) await create(repo, { config: { url: deadEnd() }, events: ["issues"] });
    const both = await validationErrors(create(repo, { config: { url: deadEnd() }, events: ["push", "issues"] }));
    assert.deepEqual(both, [limit("push"), limit("issues")]);
  });

  it("check 11: an unknown config attribute is named", async () => {
    const errors = await validationErrors(create(await freshRepository(), { config: { url: deadEnd(), "content-type": "json" } }));
    assert.deepEqual(errors, [{ resource: "Hook", code: "custom", message: "Invalid config attribute: content-type" }]);
  });

  it("check 12: insecure_ssl reads back as a string however it was sent", async () => {
    const repo = await freshRepository();
    for (const [sent, read] of [[1, "1"], ["1", "1"], [true, "1"], [0, "0"], ["0", "0"]]) {
      const { data } = await create(repo, { config: { url: deadEnd(), insecure_ssl: sent } });
      assert.strictEqual(data.config.insecure_ssl, read);
    }
  });

  it("check 16: an empty config changes nothing", async () => {
    const repo = await freshRepository();
    const { data: hook } = await create(repo, { config: { url: deadEnd(), content_type: "json", secret: "s" } });
    const { data } = await update(repo, hook.id, { config: {} });
    assert.deepEqual(data.config, hook.config);
  });

  it("check 17: events, add_events and remove_events have GitHub's precedence", async () => {
    const repo = await freshRepository();
    const cases = [
      [["push"], { events: ["push"], add_events: ["status"], remove_events: ["push"] }, ["push"]],
      [["push"], { add_events: ["status"], remove_events: ["status"] }, ["push", "status"]],
      [["push", "status"], { remove_events: ["push"] }, ["status"]],
      [["push"], { add_events: ["push", "issues"] }, ["issues", "push"]],
      [["push"], { remove_events: ["push"] }, []],
      [["push"], { events: [] }, ["push"]],
      [["push"], { events: ["issues", "status"] }, ["issues", "status"]],
    ];
    for (const [start, change, expected] of cases) {
      const { data: hook } = await create(repo, { config: { url: deadEnd() }, events: start });
      const { data } = await update(repo, hook.id, change);
      assert.deepEqual([...data.events].sort(), expected, JSON.stringify(change));
    }
    const { data: hook } = await create(repo, { config: { url: deadEnd() }, events: ["push"] });
    assert.equal((await refusal(update(repo, hook.id, { add_events: ["nope"] }))).status, 422);
    assert.deepEqual((await list(repo)).at(-1).events, ["push"]);
  });

  it("check 18: a hook cannot be renamed, and says so by staying web", async () => {
    const repo = await freshRepository();
    const { data: hook } = await create(repo, { config: { url: deadEnd() } });
    const { data } = await update(repo, hook.id, { name: "bob", active: false });
    assert.deepEqual([data.name, data.active], ["web", false]);
  });

  it("checks 19, 20: a hook answers under its own repository only; delete is 204, then 404", async () => {
    const [repo, other] = [await freshRepository(), await freshRepository()];
    const { data: hook } = await create(repo, { config: { url: deadEnd() } });
    const elsewhere = await refusal(scene.octokit.rest.repos.getWebhook({ ...other, hook_id: hook.id }));
    assert.equal(elsewhere.status, 404);
    assert.equal(elsewhere.body.message, "Not Found");
    assert.equal(elsewhere.body.documentation_url, "https://docs.github.com/rest/repos/webhooks#get-a-repository-webhook");
    const gone = await scene.octokit.rest.repos.deleteWebhook({ ...repo, hook_id: hook.id });
    assert.deepEqual([gone.status, gone.headers["content-type"]], [204, undefined]);
    const again = await refusal(scene.octokit.rest.repos.deleteWebhook({ ...repo, hook_id: hook.id }));
    assert.equal(again.status, 404);
    assert.equal(again.body.documentation_url, "https://docs.github.com/rest/repos/webhooks#delete-a-repository-webhook");
  });

  it("the config sub-resource merges where the hook replaces (section 1.3)", async () => {
    const repo = await freshRepository();
    const { data: hook } = await create(repo, { config: { url: deadEnd(), content_type: "json", secret: "s" } });
    const at = { ...repo, hook_id: hook.id };
    const { data: merged } = await scene.octokit.rest.repos.updateWebhookConfigForRepo({ ...at, content_type: "form" });
    assert.deepEqual(merged, { content_type: "form", insecure_ssl: "0", secret: MASK, url: hook.config.url });
    assert.deepEqual((await scene.octokit.rest.repos.getWebhookConfigForRepo(at)).data, merged);
    const { data: replaced } = await update(repo, hook.id, { config: { url: hook.config.url } });
    assert.equal(replaced.config.secret, undefined);
  });

  it("the mask sent back does not become the secret (S-4)", async () => {
    const repo = await freshRepository();
    const { data: hook } = await create(repo, { config: { url: deadEnd(), content_type: "json", secret: "s" } });
    const { data } = await update(repo, hook.id, { config: hook.config });
    assert.equal(data.config.secret, MASK);
  });

  it("the all-in-one client gets the same answers", async () => {
    const repo = await freshRepository();
    const octokit = full(scene.server, scene.token);
    const hook = await createHook(octokit, repo, { url: deadEnd() });
    const { data } = await octokit.rest.repos.getWebhook({ ...repo, hook_id: hook.id });
    assert.deepEqual({ ...data, last_response: hook.last_response }, hook);
    await assert.rejects(octokit.rest.repos.getWebhook({ ...repo, hook_id: hook.id + 1 }), { name: "HttpError", status: 404 });
  });

  it("owner and name match in any case; a trailing slash does not", async () => {
    const repo = await freshRepository();
    const { data: hook } = await create(repo, { config: { url: deadEnd() } });
    const shouted = { owner: "ACME", repo: repo.repo.toUpperCase() };
    assert.deepEqual((await list(shouted)).map(({ id }) => id), [hook.id]);
    // octokit takes a trailing slash away.
    const headers = { authorization: `token ${scene.token}` };
    const slash = await fetch(`${scene.server.url}/api/v3/repos/acme/${repo.repo}/hooks/`, { headers });
    assert.equal(slash.status, 404);
  });

  it("check 46: URLs in answers carry the prefix the caller used", async () => {
    const repo = await freshRepository();
    const { data: hook } = await create(repo, { config: { url: deadEnd() } });
    const base = `${scene.server.url}/api/v3/repos/acme/${repo.repo}/hooks/${hook.id}`;
    assert.deepEqual(
      [hook.url, hook.test_url, hook.ping_url, hook.deliveries_url],
      [base, `${base}/test`, `${base}/pings`, `${base}/deliveries`],
    );
    const found = await rest(scene.server, scene.token).request(`GET ${hook.url}`);
    assert.equal(found.data.id, hook.id);
  });
});

test("the clients' first calls are answered: user, repository, organization, root, meta, limits", async (t) => {
  const { server, token, octokit, repo } = await acme(t);
  assert.equal((await octokit.rest.users.getAuthenticated()).data.login, "alice");
  const { data: repository } = await octokit.rest.repos.get(repo);
  assert.deepEqual([repository.full_name, repository.owner.login], ["acme/widgets", "acme"]);
  assert.equal((await octokit.rest.orgs.get({ org: "acme" })).data.login, "acme");
  assert.ok((await octokit.rest.rateLimit.get()).data.resources.core.limit > 0);
  assert.ok(Array.isArray((await octokit.rest.meta.get()).data.hooks));
  assert.match((await octokit.rest.meta.root()).data.hub_url, /\/hub$/);
  const anonymous = await refusal(rest(server).rest.users.getAuthenticated());
  assert.deepEqual([anonymous.status, anonymous.body.message], [401, "Requires authentication"]);
  const wrong = await refusal(rest(server, `${token}x`).rest.users.getAuthenticated());
  assert.deepEqual([wrong.status, wrong.body.message], [401, "Bad credentials"]);
});
