// Data Center hooks with @coderabbitai/bitbucket: contract bitbucket-datacenter sections 1 and 1.3.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { DataCenterHooks, dataCenter, refused } from "../lib/bitbucket.mjs";
import { forSuite } from "../lib/postrider.mjs";
import { DEAD_END, acme, tokenFor } from "../lib/scene.mjs";

const idsOf = (page) => page.values.map(({ id }) => id);

describe("Data Center hooks", () => {
  let server;
  let client;
  const t = forSuite();
  before(async () => {
    let token;
    ({ server, token } = await acme(t));
    client = dataCenter(server, token);
  });
  const url = () => `${DEAD_END}/${crypto.randomUUID()}`;

  for (const repository of ["widgets", null]) {
    it(`a ${repository ? "repository" : "project"} hook is created, read, replaced and deleted, under both versions`, async () => {
      const hooks = new DataCenterHooks(client, { repository });
      const older = new DataCenterHooks(client, { repository, version: "1.0" });
      const wanted = { name: "CI", url: url(), events: ["repo:refs_changed", "pr:opened"], configuration: { secret: "s", createdBy: "ci" } };
      const made = await hooks.create(wanted);
      assert.equal(made.active, true);
      assert.equal(made.sslVerificationRequired, true);
      assert.equal(made.scopeType, repository ? "repository" : "project");
      assert.ok(Number.isInteger(made.id) && made.id > 0);
      for (const date of [made.createdDate, made.updatedDate]) assert.ok(Math.abs(date - Date.now()) < 60_000, String(date));
      for (const found of [await hooks.get(made.id), await older.get(made.id)]) {
        const { name, url, events, configuration } = found;
        assert.deepEqual({ name, url, events: events.sort(), configuration }, { ...wanted, events: [...wanted.events].sort() });
      }

      const changed = await older.update(made.id, { name: "CD", url: wanted.url, events: ["pr:merged"], active: false });
      assert.deepEqual([changed.name, changed.events, changed.active, changed.configuration], ["CD", ["pr:merged"], false, {}]);
      assert.deepEqual(idsOf(await hooks.page({ event: "pr:merged" })), [made.id]);
      await hooks.delete(made.id);
      const gone = await refused(hooks.call("GET", "", { id: made.id }));
      assert.equal(gone.status, 404);
      assert.equal(gone.body.errors[0].exceptionName, "com.atlassian.bitbucket.NoSuchEntityException");
    });
  }

  it("check 12: 60 hooks are three pages, walked by nextPageStart", async () => {
    await server.must("POST", "/repos", { owner: "acme", name: "many" });
    const hooks = new DataCenterHooks(client, { repository: "many" });
    const made = [];
    for (let n = 0; n < 60; n += 1) made.push((await hooks.create({ name: `hook ${n}`, url: url() })).id);
    const pages = [];
    for (let start = 0; start !== undefined; ) {
      const page = await hooks.page({ start, limit: 25 });
      assert.equal(page.size, page.values.length);
      assert.deepEqual([page.start, page.limit], [start, 25]);
      assert.equal(page.isLastPage, !("nextPageStart" in page));
      pages.push(idsOf(page));
      start = page.nextPageStart;
    }
    assert.deepEqual(pages.map((ids) => ids.length), [25, 25, 10]);
    assert.deepEqual(pages.flat().sort((a, b) => a - b), made);
    assert.deepEqual(idsOf(await hooks.page()), pages[0]);
    assert.equal((await hooks.page({ limit: 1_000 })).isLastPage, true);
  });

  it("check 13: lists are filtered by event; search alone shows what the project adds", async () => {
    await server.must("POST", "/repos", { owner: "acme", name: "filtered" });
    const hooks = new DataCenterHooks(client, { repository: "filtered" });
    const project = new DataCenterHooks(client, { repository: null });
    const own = {};
    for (const event of ["pr:opened", "pr:merged", "repo:refs_changed"]) own[event] = (await hooks.create({ url: url(), events: [event] })).id;
    const inherited = (await project.create({ url: url(), events: ["pr:opened"] })).id;
    assert.deepEqual(idsOf(await hooks.page({ event: "pr:opened" })), [own["pr:opened"]]);
    assert.deepEqual(idsOf(await hooks.page({ event: ["pr:opened", "pr:merged"] })), [own["pr:opened"], own["pr:merged"]]);
    assert.equal((await hooks.page()).values.length, 3);

    const search = async (query) => {
      const { data, response } = await hooks.call("GET", "/search", { query });
      assert.equal(response.status, 200);
      return data.values.map(({ id, scopeType }) => `${scopeType} ${id}`).sort();
    };
    assert.deepEqual(await search({ scopeType: "project" }), [`project ${inherited}`]);
    assert.deepEqual(await search({ event: "pr:opened" }), [`project ${inherited}`, `repository ${own["pr:opened"]}`]);
    assert.equal((await search({ scopeType: ["repository", "project"] })).length, 4);
    await project.delete(inherited);
  });

  it("each key of the contract is taken and given back, among them @coderabbitai/bitbucket's own", async () => {
    const { isEventKey } = await import("@coderabbitai/bitbucket/server");
    const hooks = new DataCenterHooks(client);
    const keys = [
      "project:modified", "repo:refs_changed", "repo:modified", "repo:forked", "repo:comment:added", "repo:comment:edited", "repo:comment:deleted",
      "repo:secret_detected", "mirror:repo_synchronized", "pr:opened", "pr:from_ref_updated", "pr:modified", "pr:reviewer:updated",
      "pr:reviewer:approved", "pr:reviewer:unapproved", "pr:reviewer:needs_work", "pr:merged", "pr:declined", "pr:deleted", "pr:comment:added",
      "pr:comment:edited", "pr:comment:deleted",
    ];
    const unknown = keys.filter((key) => !isEventKey(key));
    assert.deepEqual(unknown.filter((key) => key !== "pr:reviewer:needs_work"), [], "the library knows the rest");
    const made = await hooks.create({ url: url(), events: keys });
    assert.deepEqual((await hooks.get(made.id)).events.sort(), [...keys].sort());
    const answer = await refused(hooks.call("POST", "", { body: { name: "n", url: url(), events: ["diagnostics:ping"] } }));
    assert.equal(answer.status, 400);
    assert.match(answer.body.errors[0].message, /is unknown/);
  });

  it("check 15: anonymous and unauthorized are both 401, what does not exist 404, each with its exception", async () => {
    await server.must("POST", "/users", { login: "bob" });
    const bob = await tokenFor(server, "bob", ["repo", "admin:repo_hook", "admin:org_hook"]);
    const cases = [
      [dataCenter(server), {}, 401, "com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException"],
      [dataCenter(server, "nonsense"), {}, 401, undefined],
      [dataCenter(server, bob), {}, 401, "com.atlassian.bitbucket.AuthorisationException"],
      [dataCenter(server, bob), { repository: null }, 401, "com.atlassian.bitbucket.AuthorisationException"],
      [client, { repository: "nothing" }, 404, "com.atlassian.bitbucket.repository.NoSuchRepositoryException"],
    ];
    for (const [caller, scope, status, exception] of cases) {
      const hooks = new DataCenterHooks(caller, scope);
      for (const call of [hooks.call("GET"), hooks.call("POST", "", { body: { name: "n", url: url(), events: ["pr:opened"] } })]) {
        const answer = await refused(call);
        const label = JSON.stringify([status, answer]);
        assert.equal(answer.status, status, label);
        const [error] = answer.body.errors;
        assert.deepEqual(Object.keys(error).sort(), ["context", "exceptionName", "message"], label);
        if (exception) assert.equal(error.exceptionName, exception, label);
      }
    }
  });

  it("basic authentication with a user's token, and the XSRF header, are accepted", async () => {
    const token = await tokenFor(server, "alice", ["repo"]);
    const headers = { authorization: `Basic ${Buffer.from(`alice:${token}`).toString("base64")}`, "x-atlassian-token": "no-check" };
    const hooks = new DataCenterHooks(dataCenter(server, undefined, headers));
    const made = await hooks.create({ url: url() });
    await hooks.delete(made.id);
  });
});
