// Pages, conditional requests and access: contract github section 6.3, checks 21, 22, 24.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEAD_END, acme, createHook, refusal, rest, tokenFor } from "../lib/scene.mjs";

/** `{rel: URL}` of a Link header. */
function links(headers) {
  const parts = (headers.link ?? "").split(", ").filter(Boolean);
  return Object.fromEntries(parts.map((part) => {
    const [, url, rel] = /^<([^<>,]+)>; rel="(\w+)"$/.exec(part);
    return [rel, new URL(url)];
  }));
}

test("check 21: 31 hooks make two pages of GitHub's shape", async (t) => {
  const { server, octokit, repo } = await acme(t);
  const ids = [];
  for (let n = 0; n < 31; n += 1) {
    const events = n % 2 ? ["issues"] : ["push"];
    ids.push((await createHook(octokit, repo, { url: `${DEAD_END}/${n}` }, { events, active: false })).id);
  }
  const first = await octokit.rest.repos.listWebhooks(repo);
  assert.equal(first.data.length, 30);
  const { next, last, prev, first: one } = links(first.headers);
  assert.deepEqual([next.searchParams.get("page"), last.searchParams.get("page"), prev, one], ["2", "2", undefined, undefined]);
  assert.equal(next.searchParams.has("per_page"), false);
  assert.ok(next.href.startsWith(`${server.url}/api/v3/`));

  const second = await octokit.request(`GET ${next.href}`);
  assert.equal(second.data.length, 1);
  assert.deepEqual(Object.keys(links(second.headers)).sort(), ["first", "prev"]);

  const wide = await octokit.rest.repos.listWebhooks({ ...repo, per_page: 1000 });
  assert.equal(wide.data.length, 31);
  assert.equal(wide.headers.link, undefined);
  assert.deepEqual((await octokit.rest.repos.listWebhooks({ ...repo, page: 9 })).data, []);

  const small = await octokit.rest.repos.listWebhooks({ ...repo, per_page: 10, page: 2 });
  assert.deepEqual(Object.keys(links(small.headers)).sort(), ["first", "last", "next", "prev"]);
  assert.equal(links(small.headers).last.searchParams.get("page"), "4");
  assert.equal(links(small.headers).last.searchParams.get("per_page"), "10");

  const all = await octokit.paginate(octokit.rest.repos.listWebhooks, { ...repo, per_page: 7 });
  assert.deepEqual(all.map(({ id }) => id), ids);
});

test("check 22: an unchanged hook is 304, a changed one is not", async (t) => {
  const { octokit, repo } = await acme(t);
  const hook = await createHook(octokit, repo, { url: `${DEAD_END}/etag` }, { active: false });
  const at = { ...repo, hook_id: hook.id };
  const { headers } = await octokit.rest.repos.getWebhook(at);
  assert.match(headers.etag, /^W\/"[0-9a-f]{64}"$/);
  const same = await refusal(octokit.rest.repos.getWebhook({ ...at, headers: { "if-none-match": headers.etag } }));
  assert.equal(same.status, 304);
  const strong = await refusal(octokit.rest.repos.getWebhook({ ...at, headers: { "if-none-match": headers.etag.slice(2) } }));
  assert.equal(strong.status, 304, "the comparison is weak");
  await octokit.rest.repos.updateWebhook({ ...at, events: ["issues"] });
  const changed = await octokit.rest.repos.getWebhook({ ...at, headers: { "if-none-match": headers.etag } });
  assert.deepEqual(changed.data.events, ["issues"]);
  assert.notEqual(changed.headers.etag, headers.etag);
});

test("check 24: scopes and roles decide, and denials are 404", async (t) => {
  const { server, octokit, repo } = await acme(t);
  const hook = await createHook(octokit, repo, { url: `${DEAD_END}/scopes` }, { active: false });
  const at = { ...repo, hook_id: hook.id };
  const config = { url: `${DEAD_END}/other` };
  const as = async (scopes, user = "alice") => rest(server, await tokenFor(server, user, scopes));
  const denied = async (call) => {
    const { status, body } = await refusal(call);
    assert.deepEqual([status, body.message, body.status], [404, "Not Found", "404"]);
  };

  const reader = await as(["read:repo_hook"]);
  const seen = await reader.rest.repos.listWebhooks(repo);
  assert.equal(seen.data.length, 1);
  assert.equal(seen.headers["x-oauth-scopes"], "read:repo_hook");
  assert.equal(seen.headers["x-accepted-oauth-scopes"], "admin:repo_hook, public_repo, read:repo_hook, repo, write:repo_hook");
  assert.equal((await reader.rest.repos.pingWebhook(at)).status, 204);
  await denied(reader.rest.repos.createWebhook({ ...repo, config }));
  await denied(reader.rest.repos.updateWebhook({ ...at, active: true }));
  await denied(reader.rest.repos.deleteWebhook(at));

  const writer = await as(["write:repo_hook"]);
  const made = await writer.rest.repos.createWebhook({ ...repo, config, active: false });
  assert.equal(made.status, 201);
  await denied(writer.rest.repos.deleteWebhook({ ...repo, hook_id: made.data.id }));
  const admin = await as(["admin:repo_hook"]);
  assert.equal((await admin.rest.repos.deleteWebhook({ ...repo, hook_id: made.data.id })).status, 204);

  await server.must("POST", "/users", { login: "bob" });
  const stranger = await as(["repo", "admin:repo_hook"], "bob");
  await denied(stranger.rest.repos.listWebhooks(repo));
  await server.must("PUT", "/repos/acme/widgets/collaborators/bob", { permission: "write" });
  await denied(stranger.rest.repos.listWebhooks(repo));
  await denied(stranger.rest.repos.createWebhook({ ...repo, config }));
  await server.must("PUT", "/repos/acme/widgets/collaborators/bob", { permission: "admin" });
  assert.equal((await stranger.rest.repos.listWebhooks(repo)).data.length, 1);
  await denied((await as(["user"])).rest.repos.listWebhooks(repo));
  await denied(rest(server).rest.repos.listWebhooks(repo));
});

test("every answer carries the headers clients read (section 0.2)", async (t) => {
  const { octokit, repo } = await acme(t);
  const { headers } = await octokit.rest.repos.listWebhooks({ ...repo, headers: { "x-github-api-version": "2022-11-28" } });
  assert.equal(headers["content-type"], "application/json; charset=utf-8");
  assert.equal(headers["x-github-media-type"], "github.v3; format=json");
  assert.equal(headers["x-github-api-version-selected"], "2022-11-28");
  for (const name of ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-used"]) {
    assert.match(headers[name], /^\d+$/, name);
  }
  assert.ok(Number(headers["x-ratelimit-remaining"]) > 0);
  assert.equal(headers["x-ratelimit-resource"], "core");
  assert.ok(headers["x-github-request-id"]);
});
