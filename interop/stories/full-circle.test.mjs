// The full circle in one process tree: a git push becomes a GitHub hook's request to this very server, whose trigger map
// starts a build, which a command runs; outgoing webhooks and status hooks of the repository tell of it, once each.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bitbucketJs } from "../lib/bitbucket.mjs";
import { BuildSink, bitrise, ended, runningBuilds, settled } from "../lib/builds.mjs";
import { Checkout } from "../lib/git.mjs";
import { scratch } from "../lib/postrider.mjs";
import { acme, createHook } from "../lib/scene.mjs";
import { assertSchema } from "../lib/schemas.mjs";
import { SignedSink, VerifiedSink } from "../lib/sink.mjs";

const SECRET = "full circle";
const CONFIG = `format_version: '13'
workflows:
  ci: {}
  release: {}
trigger_map:
- push_branch: main
  workflow: ci
- tag: v*
  workflow: release
`;
/** Clones the repository that was pushed to, as a build would, and fails when the commit says so. */
const SCRIPT = `set -e
git clone --quiet "$BARE" .
git checkout --quiet "$BITRISE_GIT_COMMIT"
echo "$BITRISE_TRIGGERED_WORKFLOW_ID builds $BITRISE_GIT_BRANCH$BITRISE_GIT_TAG for $BITRISE_TRIGGER_BY: $BITRISE_GIT_MESSAGE"
cat notes.txt
case "$BITRISE_GIT_MESSAGE" in Break*) exit 7;; esac`;

/** A server that registers hooks at its own GitHub API, and the repository's git side. */
async function circle(t) {
  const dir = scratch(t);
  const checkout = await Checkout.create(dir);
  const flags = runningBuilds(t, SCRIPT, { inherit: ["BARE", "GIT_CONFIG_GLOBAL"] });
  const env = { BARE: checkout.bare, GIT_CONFIG_GLOBAL: "/dev/null" };
  const scene = await acme(t, { flags, env });
  const { server, token } = scene;
  // Only now its port is known. `loopback` does not include listeners of our own (E-6).
  server.flags.push("--egress-allow", server.listen);
  server.env.POSTRIDER_GIT_HOSTS__GITHUB_API = `${server.url}/api/v3`;
  await server.kill("SIGTERM");
  await server.up();

  const cli = (...args) => server.cliAs(token, ...args);
  const made = await cli("app", "create", "--owner", "acme", "--repo", "acme/widgets", "--provider", "github", "--title", "Widgets", "--json");
  const app = JSON.parse(made);
  const config = join(dir, "bitrise.yml");
  writeFileSync(config, CONFIG);
  await cli("app", "config", app.slug, "--set", config);
  await cli("git-account", "set", "--owner", "acme", "--host", "github", "--git-token", token);
  await cli("git", "attach", "acme/widgets", "--path", checkout.bare);
  return { ...scene, checkout, app };
}

test("a push is built by the workflow that its branch chooses, and told of once to everybody who asked", async (t) => {
  const { server, token, octokit, repo, checkout, app } = await circle(t);
  const register = () => bitrise(server, token, "POST", `/apps/${app.slug}/register-webhook`);
  assert.deepEqual(await register(), { status: "ok" });
  assert.deepEqual(await register(), { status: "ok" }, "check 28: a second time changes nothing");
  const { data: hooks } = await octokit.rest.repos.listWebhooks(repo);
  assert.equal(hooks.length, 1);
  assert.deepEqual(hooks[0].events.sort(), ["issue_comment", "pull_request", "push"]);

  const sink = await BuildSink.subscribed(t, server, token, app.slug, SECRET);
  const github = await VerifiedSink.listen(t, { secret: SECRET });
  await createHook(octokit, repo, { url: github.url(), secret: SECRET }, { events: ["status"] });
  const bitbucket = await SignedSink.listen(t, { secret: SECRET });
  const events = ["repo:commit_status_created", "repo:commit_status_updated"];
  const hook = { url: bitbucket.url(), description: "statuses", events, secret: SECRET };
  await bitbucketJs(server, token).repositories.createWebhook({ workspace: "acme", repo_slug: "widgets", _body: hook });

  // One after the other: builds run side by side, and their statuses would mix.
  const builds = [];
  for (const { message, refs, workflow, status, branch, tag } of [
    { message: "Add a note", refs: ["main"], workflow: "ci", status: 1, branch: "main", tag: null },
    { message: "Break it", refs: ["main"], workflow: "ci", status: 2, branch: "main", tag: null },
    { message: "Release it", refs: ["v1.0"], workflow: "release", status: 1, branch: "", tag: "v1.0" },
  ]) {
    const commit = await checkout.commit(message);
    if (tag) await checkout.git("tag", tag);
    await checkout.push(...refs);
    const known = builds.map(({ slug }) => slug);
    const fresh = ({ kind, payload }) => kind === "build/finished" && !known.includes(payload.build_slug);
    const [{ payload, headers }] = await sink.until("a new build/finished", fresh);
    builds.push({ slug: payload.build_slug, commit, status });
    assert.equal(headers["bitrise-app-id"], app.slug);
    const { git, ...rest } = payload;
    assert.deepEqual(rest, {
      build_slug: payload.build_slug,
      build_number: builds.length,
      app_slug: app.slug,
      build_status: status,
      build_triggered_workflow: workflow,
    });
    assert.deepEqual([git.provider, git.src_branch, git.tag, git.pull_request_id], ["github", branch, tag, 0]);

    const build = await ended(server, token, payload.build_slug);
    assert.deepEqual([build.commit, build.workflow, build.triggered_by], [commit, workflow, "webhook-github/alice"]);
    assert.equal(build.reason, status === 2 ? "exit code 7" : null);
    const log = await server.cliAs(token, "build", "log", build.slug);
    assert.ok(log.startsWith(`${workflow} builds ${branch}${tag ?? ""} for webhook-github/alice: ${message}\n${message} ${builds.length}`), log);
  }

  await settled(server);
  assert.equal(sink.requests.length, 2 * builds.length);
  for (const { slug, status } of builds) assert.deepEqual(sink.about(slug), [["build/triggered", 0], ["build/finished", status]]);
  const states = github.matching(({ event }) => event === "status").map(({ payload }) => payload);
  for (const payload of states) assertSchema("status", payload);
  // As it happened: two deliveries under way at once may arrive either way round.
  const ours = (commit) =>
    states
      .filter(({ sha }) => sha === commit)
      .map(({ state }) => state)
      .sort((a, b) => (a !== "pending") - (b !== "pending"));
  const cloud = (commit) =>
    bitbucket.requests
      .filter(({ payload }) => payload.commit_status.links.commit.href.includes(commit))
      .map(({ event, payload }) => [event, payload.commit_status.state])
      .sort(([a], [b]) => a.localeCompare(b));
  for (const { commit, status } of builds) {
    assert.deepEqual(ours(commit), ["pending", status === 1 ? "success" : "failure"]);
    const [created, updated] = cloud(commit);
    assert.deepEqual(created, ["repo:commit_status_created", "INPROGRESS"]);
    assert.deepEqual(updated, ["repo:commit_status_updated", status === 1 ? "SUCCESSFUL" : "FAILED"]);
    assert.equal(cloud(commit).length, 2);
  }
  for (const receiver of [sink, github, bitbucket]) assert.deepEqual(receiver.refused, []);
});

test("a push that no trigger matches, or whose commit asks to be skipped, starts nothing", async (t) => {
  const { server, token, checkout, app } = await circle(t);
  await bitrise(server, token, "POST", `/apps/${app.slug}/register-webhook`);
  await checkout.commit("Try something");
  await checkout.push("main:refs/heads/topic");
  await checkout.commit("Mention it [skip ci]");
  await checkout.push("main");
  await checkout.commit("Build this one");
  await checkout.push("main");
  await settled(server);
  const { items } = await server.must("GET", `/builds?app=${app.slug}`, undefined, { token });
  assert.deepEqual(items.map(({ message }) => message.trim()), ["Build this one"]);
  assert.equal((await ended(server, token, items[0].slug)).status, "success");
});
