// register-webhook against Postrider's own GitHub and Bitbucket Cloud surfaces, as published clients see them, and against
// a GitLab that keeps hooks (docs/bitrise.md): one hook however often it is asked for, and honest failures.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { bitbucketJs } from "../lib/bitbucket.mjs";
import { Postrider, cleanEnvironment } from "../lib/postrider.mjs";
import { ALL_SCOPES, rest, tokenFor } from "../lib/scene.mjs";
import { Sink } from "../lib/sink.mjs";
import { PATIENCE, eventually } from "../lib/wait.mjs";

const run = promisify(execFile);
const SECRET = "shared with the host";
const GITLAB_TOKEN = "glpat-of-acme";

/** alice owns acme and its repository rocket. */
async function start(t, env = {}) {
  const server = await Postrider.start(t, { env });
  await server.must("POST", "/users", { login: "alice", email: "alice@acme.test" });
  await server.must("POST", "/orgs", { login: "acme", owner: "alice" });
  const token = await tokenFor(server, "alice", ALL_SCOPES);
  await server.must("POST", "/repos", { owner: "acme", name: "rocket" }, { token });
  return { server, token };
}

/** Starts the server again, on the same port, with other settings. */
async function again(server, { env = {}, flags = [] }) {
  await server.kill("SIGTERM");
  Object.assign(server.env, env);
  server.flags.push(...flags);
  await server.up();
}

function app({ server, token }, provider, repo_url, more) {
  return server.must("POST", "/apps", { owner: "acme", title: "Rocket", provider, repo_url, ...more }, { token });
}

/** The guide's line. */
const REGISTER = `curl -X POST -H 'Authorization: ACCESS-TOKEN' 'https://api.bitrise.io/v0.1/apps/APP-SLUG/register-webhook'`;

/** Runs the guide's line as a shell does; only host, token and slug are replaced. Resolves to status and JSON. */
async function register({ server, token }, { slug }) {
  const line = REGISTER.replace("https://api.bitrise.io", server.url).replace("APP-SLUG", slug).replace("ACCESS-TOKEN", token);
  const more = "--silent --show-error --write-out '%{http_code} %{content_type}'";
  const { stdout } = await run("sh", ["-c", `${line} ${more}`], { env: cleanEnvironment(), timeout: PATIENCE });
  const [, text, status, type] = /^([^]*\n)(\d{3}) (.*)$/.exec(stdout);
  assert.equal(type, "application/json; charset=utf-8");
  return [Number(status), JSON.parse(text)];
}

const OK = [200, { status: "ok" }];

test("a hook at Postrider's own GitHub and Bitbucket is made once, and not before its address may be called", async (t) => {
  const scene = await start(t);
  const { server, token } = scene;
  await again(server, {
    env: { POSTRIDER_GIT_HOSTS__GITHUB_API: `${server.url}/api/v3`, POSTRIDER_GIT_HOSTS__BITBUCKET_API: `${server.url}/2.0/` },
  });
  const clone = `${server.url}/acme/rocket.git`;
  const github = await app(scene, "github", clone, { webhook_secret: SECRET });
  const bitbucket = await app(scene, "bitbucket", clone, { webhook_secret: SECRET });

  const [status, { message }] = await register(scene, github);
  assert.deepEqual([status, /no GitHub account is connected/.test(message)], [400, true], message);
  for (const host of ["github", "bitbucket"]) {
    const shown = await server.cliAs(token, "git-account", "set", "--owner", "acme", "--host", host, "--git-token", token);
    assert.equal(JSON.parse(shown).api.startsWith(server.url), true, shown);
    assert.doesNotMatch(shown, new RegExp(token));
  }
  // `--egress-allow loopback` does not include listeners of our own (E-6).
  for (const made of [github, bitbucket]) {
    const [status, { message }] = await register(scene, made);
    assert.deepEqual([status, /could not be reached$/.test(message)], [500, true], message);
  }

  await again(server, { flags: ["--egress-allow", server.listen] });
  for (const made of [github, bitbucket]) {
    assert.deepEqual(await Promise.all([1, 2, 3].map(() => register(scene, made))), [OK, OK, OK]);
    assert.deepEqual(await register(scene, made), OK);
  }
  const { data: hooks } = await rest(server, token).rest.repos.listWebhooks({ owner: "acme", repo: "rocket" });
  assert.deepEqual(
    hooks.map(({ name, active, events, config }) => ({ name, active, events, config })),
    [
      {
        name: "web",
        active: true,
        events: ["push", "pull_request", "issue_comment"],
        config: { url: github.incoming_url, content_type: "json", insecure_ssl: "0", secret: "********" },
      },
    ],
  );
  const { data: list } = await bitbucketJs(server, token).repositories.listWebhooks({ workspace: "acme", repo_slug: "rocket" });
  assert.deepEqual(
    list.values.map(({ url, description, active, events, secret_set }) => ({ url, description, active, events, secret_set })),
    [
      {
        url: bitbucket.incoming_url,
        description: "Bitrise",
        active: true,
        events: ["repo:push", "pullrequest:created", "pullrequest:updated", "pullrequest:comment_created", "pullrequest:comment_updated"],
        secret_set: true,
      },
    ],
  );

  // A rotated token, another secret, and what somebody changed there: the next call mends it, in place.
  const [before] = hooks;
  await rest(server, token).rest.repos.updateWebhook({ owner: "acme", repo: "rocket", hook_id: before.id, active: false, events: ["watch"] });
  for (const made of [github, bitbucket]) {
    const { incoming_url } = await server.must("POST", `/apps/${made.slug}/rotate-token`, undefined, { token });
    assert.notEqual(incoming_url, made.incoming_url);
    await server.must("PATCH", `/apps/${made.slug}`, { webhook_secret: "another" }, { token });
    assert.deepEqual(await Promise.all([1, 2].map(() => register(scene, made))), [OK, OK]);
    Object.assign(made, await server.must("GET", `/apps/${made.slug}`, undefined, { token }));
  }
  const { data: mended } = await rest(server, token).rest.repos.listWebhooks({ owner: "acme", repo: "rocket" });
  assert.deepEqual(
    mended.map(({ id, active, events, config }) => [id, active, events, config.url]),
    [[before.id, true, before.events, github.incoming_url]],
  );
  const { data: after } = await bitbucketJs(server, token).repositories.listWebhooks({ workspace: "acme", repo_slug: "rocket" });
  assert.deepEqual(
    after.values.map(({ uuid, url, secret_set }) => [uuid, url, secret_set]),
    [[list.values[0].uuid, bitbucket.incoming_url, true]],
  );
  // Signed with the secret of now, or it would be refused.
  const hook = { owner: "acme", repo: "rocket", hook_id: before.id };
  const deliveries = async () => (await rest(server, token).rest.repos.listWebhookDeliveries(hook)).data;
  const old = new Set((await deliveries()).map(({ id }) => id));
  await rest(server, token).rest.repos.pingWebhook(hook);
  const pinged = await eventually("the ping", async () => (await deliveries()).find(({ id }) => !old.has(id)));
  assert.deepEqual([pinged.event, pinged.status_code], ["ping", 200], JSON.stringify(pinged));

  const absent = await app(scene, "github", `${server.url}/acme/no-such.git`);
  const [refused, told] = await register(scene, absent);
  assert.deepEqual([refused, told.message.startsWith(`GitHub (${server.listen}) answered 404`)], [400, true], told.message);
  for (const secret of [github.trigger_token, token]) assert.ok(!server.log.includes(secret), "no token is logged");
});

/** A GitLab with one project, in a group of a group. `hooks` are those it has. */
async function gitlab(t) {
  const hooks = [];
  const answer = ({ method, url, headers, body }, response) => {
    const send = (status, json, more = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...more });
      response.end(JSON.stringify(json));
    };
    const [path, query] = url.split("?");
    if (headers["private-token"] !== GITLAB_TOKEN) return send(401, { message: "401 Unauthorized" });
    const [, id] = /^\/api\/v4\/projects\/acme%2Fspace%2Frocket\/hooks(?:\/(\d+))?$/.exec(path) ?? [path, "0"];
    const known = hooks.find((hook) => String(hook.id) === id);
    if (id && !known) return send(404, { message: "404 Not Found" });
    if (method === "PUT") return send(200, Object.assign(known, JSON.parse(body)));
    if (method === "POST") {
      hooks.push({ id: hooks.length + 1, ...JSON.parse(body) });
      return send(201, hooks.at(-1));
    }
    // Smaller pages than were asked for.
    const page = Number(new URLSearchParams(query).get("page"));
    const next = hooks.length > page * 2 ? String(page + 1) : "";
    send(200, hooks.slice(page * 2 - 2, page * 2).map(({ token, ...shown }) => shown), { "x-next-page": next });
  };
  const sink = await Sink.listen(t, { answer });
  return { hooks, url: sink.url(""), sink };
}

test("a hook at a self-hosted GitLab is made once, also behind others, and refusals name host and status", async (t) => {
  const lab = await gitlab(t);
  const scene = await start(t, { POSTRIDER_GIT_HOSTS__GITLAB: lab.url });
  const { server, token } = scene;
  for (const id of [1, 2, 3]) lab.hooks.push({ id, url: `https://other.test/${id}` });
  const rocket = await app(scene, "gitlab-self-hosted", "git@gitlab.acme.test:acme/space/rocket.git", { webhook_secret: SECRET });
  await server.must("PUT", "/git-accounts", { owner: "acme", host: "gitlab", token: "expired" }, { token });
  const [status, { message }] = await register(scene, rocket);
  assert.deepEqual([status, message], [400, `GitLab (${new URL(lab.url).host}) answered 401: the connected token is not good, or not any more`]);

  await server.must("PUT", "/git-accounts", { owner: "acme", host: "gitlab", token: GITLAB_TOKEN }, { token });
  assert.deepEqual(await Promise.all([register(scene, rocket), register(scene, rocket)]), [OK, OK]);
  assert.deepEqual(await register(scene, rocket), OK);
  assert.deepEqual(lab.hooks.slice(3), [
    {
      id: 4,
      url: rocket.incoming_url,
      push_events: true,
      tag_push_events: true,
      merge_requests_events: true,
      note_events: true,
      enable_ssl_verification: true,
      token: SECRET,
    },
  ]);

  // What GitLab refuses too often it disables: events that are of no use here are switched off.
  Object.assign(lab.hooks[3], { issues_events: true, enable_ssl_verification: false });
  Object.assign(rocket, await server.must("POST", `/apps/${rocket.slug}/rotate-token`, undefined, { token }));
  assert.deepEqual(await Promise.all([register(scene, rocket), register(scene, rocket)]), [OK, OK]);
  assert.equal(lab.hooks.length, 4);
  const { id, url, token: given, issues_events, enable_ssl_verification } = lab.hooks[3];
  assert.deepEqual([id, url, given, issues_events, enable_ssl_verification], [4, rocket.incoming_url, SECRET, false, false]);

  const other = await app(scene, "gitlab", "https://gitlab.com/acme/other.git");
  assert.deepEqual((await register(scene, other))[0], 400);
  const custom = await app(scene, "custom", "https://elsewhere.test/acme/rocket.git");
  assert.deepEqual((await register(scene, custom))[0], 400);
  const before = lab.sink.requests.length;
  // The token was given for this GitLab; after a move it stays here until somebody connects it again (S-5).
  await again(server, { env: { POSTRIDER_GIT_HOSTS__GITLAB: `${lab.url}/moved` } });
  const [moved, told] = await register(scene, rocket);
  assert.deepEqual([moved, /connect it again/.test(told.message)], [400, true], told.message);
  assert.equal(lab.sink.requests.length, before);
  for (const secret of [rocket.trigger_token, GITLAB_TOKEN]) assert.ok(!server.log.includes(secret), "no token is logged");
});
