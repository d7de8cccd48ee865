// Outgoing webhooks as Bitrise's guide has them: its curl lines as they stand, builds told of, and a delivery sent again.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { cleanEnvironment } from "../lib/postrider.mjs";
import { acme, tokenFor } from "../lib/scene.mjs";
import { Sink } from "../lib/sink.mjs";
import { PATIENCE, eventually } from "../lib/wait.mjs";

const run = promisify(execFile);
const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const MICROS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** The guide's lines. */
const CREATE = `curl -X POST "https://api.bitrise.io/v0.1/apps/APP-SLUG/outgoing-webhooks" -H "accept: application/json" -H "Authorization: ACCESS-TOKEN" -H "Content-Type: application/json" -d "{ \\"events\\": [ \\"build\\" ], \\"url\\": \\"example.webhook.com\\", \\"headers\\": { \\"KEY\\": \\"value\\" }}"`;
const UPDATE = `curl -X PUT "https://api.bitrise.io/v0.1/apps/APP-SLUG/outgoing-webhooks/WEBHOOK-SLUG" -H "accept: application/json" -H "Authorization: ACCESS-TOKEN" -H "Content-Type: application/json" -d "{ \\"events\\": [ \\"all\\" ], \\"url\\": \\"example2.webhook.com\\"}"`;
const DELETE = `curl -X DELETE "https://api.bitrise.io/v0.1/apps/APP-SLUG/outgoing-webhooks/WEBHOOK-SLUG" -H "accept: application/json" -H "Authorization: ACCESS-TOKEN"`;

/** A server with an app of acme, made from a shell, and ways to ask about it. */
async function rocket(t) {
  const { server, token } = await acme(t);
  const made = await server.cliAs(token, "--json", "app", "create", "--owner", "acme", "--repo-url", "https://github.com/acme/rocket.git");
  const app = JSON.parse(made).slug;
  /** Runs a line of the guide as a shell does; only host, token and slugs are replaced. Resolves to status and body. */
  const guide = async (line, { webhook = "", as = token } = {}) => {
    const replaced = line
      .replace("https://api.bitrise.io", server.url)
      .replace("APP-SLUG", app)
      .replace("WEBHOOK-SLUG", webhook)
      .replace("ACCESS-TOKEN", as);
    const { stdout } = await run("sh", ["-c", `${replaced} --silent --show-error --write-out '%{http_code}'`], { env: cleanEnvironment(), timeout: PATIENCE });
    const [, text, status] = /^([^]*\n)(\d{3})$/.exec(stdout);
    return { status: Number(status), body: JSON.parse(text) };
  };
  const ask = async (method, path, body) => {
    const answer = await fetch(`${server.url}/v0.1/apps/${app}${path}`, {
      method,
      headers: { authorization: token },
      body: body && JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  };
  const call = (method, path, body) => ask(method, `/outgoing-webhooks${path}`, body);
  return { server, token, app, guide, ask, call };
}

/** One build, as it was accepted and as it ended: the requests by event type, once both are there. */
async function told(sink) {
  const requests = await sink.until("builds", ({ headers }) => headers["bitrise-event-type"], 2);
  const kinds = new Map(requests.map((request) => [request.headers["bitrise-event-type"], request]));
  assert.deepEqual([...kinds.keys()].sort(), ["build/finished", "build/triggered"]);
  return kinds;
}

test("the guide's curl lines are answered as the guide has it", async (t) => {
  const { server, guide, call } = await rocket(t);
  const created = await guide(CREATE);
  assert.equal(created.status, 201);
  const { data, ...bare } = created.body;
  assert.deepEqual(data, bare, "once as the guide has it, once as the API description has it");
  const { slug, created_at: createdAt, ...rest } = bare;
  assert.match(slug, ULID);
  assert.match(createdAt, MICROS);
  const expected = { url: "example.webhook.com", events: ["build"], headers: { KEY: "value" }, registered_by_addon: false, updated_at: createdAt };
  assert.deepEqual(rest, expected);
  assert.deepEqual((await call("GET", "")).body, { data: [data], paging: { total_item_count: 1, page_item_limit: 50 } });

  const updated = await guide(UPDATE, { webhook: slug });
  assert.equal(updated.status, 200);
  const { updated_at: updatedAt, ...now } = updated.body.data;
  assert.deepEqual(now, { slug, url: "example2.webhook.com", events: ["all"], headers: null, registered_by_addon: false, created_at: createdAt });
  assert.match(updatedAt, MICROS);
  assert.ok(updatedAt > createdAt);

  const stranger = await tokenFor(server, "alice", ["user"]);
  assert.deepEqual(await guide(DELETE, { webhook: slug, as: stranger }), { status: 403, body: { message: "Forbidden" } });
  assert.deepEqual(await guide(DELETE, { webhook: slug, as: "nonsense" }), { status: 401, body: { message: "Unauthorized" } });
  assert.deepEqual(await guide(DELETE, { webhook: slug }), { status: 200, body: updated.body });
  assert.deepEqual(await guide(DELETE, { webhook: slug }), { status: 404, body: { message: "Not Found" } });
});

test("builds are told as they start and as they end, signed, and a delivery is sent again to where the hook points now", async (t) => {
  const { server, app, ask, call } = await rocket(t);
  const answers = [200, 503];
  const sink = await Sink.listen(t, { answer: (_, response) => response.writeHead(answers.shift() ?? 200).end("thanks") });
  const secret = "it's a secret";
  const made = await call("POST", "", { url: sink.url("/old").replace("http://", ""), events: ["build"], headers: { KEY: "value" }, secret });
  assert.equal(made.status, 201);
  const { slug } = made.body;

  const started = await ask("POST", "/builds", { hook_info: { type: "bitrise" }, build_params: { branch: "main", workflow_id: "primary" } });
  assert.equal(started.status, 201);
  const { build_slug: build, build_number: number } = started.body;
  const stopped = await ask("POST", `/builds/${build}/abort`, { abort_reason: "tea", abort_with_success: true });
  assert.deepEqual(stopped, { status: 200, body: { status: "ok" } });
  for (const [kind, { headers, body, method, url }] of await told(sink)) {
    assert.deepEqual(JSON.parse(body), {
      build_slug: build,
      build_number: number,
      app_slug: app,
      build_status: kind === "build/triggered" ? 0 : 4,
      build_triggered_workflow: "primary",
      git: { provider: "github", src_branch: "main", dst_branch: "main", pull_request_id: 0, tag: null },
    });
    assert.deepEqual([method, url, headers["content-type"], headers["bitrise-app-id"], headers.key], ["POST", "/old", "application/json", app, "value"]);
    assert.equal(headers["bitrise-hook-signature"], `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  }

  const items = async (count) =>
    eventually(`${count} items`, async () => {
      const { body } = await call("GET", `/${slug}/delivery-items`);
      return body.data.length === count && body.data;
    });
  const failed = (await items(2)).find((item) => item.response_http_status === 503);
  assert.match(failed.slug, ULID);
  assert.deepEqual([failed.request_url, failed.response_body], [sink.url("/old"), "thanks"]);
  assert.equal(JSON.parse(failed.request_headers).KEY, "********", "it may be a credential");

  assert.equal((await call("PUT", `/${slug}`, { url: sink.url("/new"), events: ["build"] })).status, 200);
  const again = await call("POST", `/${slug}/delivery-items/${failed.slug}/redeliver`);
  assert.deepEqual([again.status, typeof again.body.message], [200, "string"]);
  const [request] = await sink.until("the redelivery", ({ url }) => url === "/new");
  assert.equal(request.body.toString(), failed.request_payload);
  assert.equal(request.headers["bitrise-hook-signature"], `sha256=${createHmac("sha256", secret).update(request.body).digest("hex")}`);
  assert.equal(request.headers.key, undefined);
  const [newest, ...others] = await items(3);
  assert.deepEqual([newest.request_url, newest.response_http_status], [sink.url("/new"), 200]);
  assert.ok(others.some((item) => item.slug === failed.slug), "what failed stays in the log");
  assert.equal((await call("GET", `/${slug}/delivery-items/${newest.slug}`)).body.slug, newest.slug);

  // Nothing is tried again by itself.
  assert.equal(sink.requests.length, 3);
  assert.equal((await server.must("GET", "/doctor")).conservation.open, 0);
});

test("builds of a CI system elsewhere are told in the same form once they are published", async (t) => {
  const { server, token, app, call } = await rocket(t);
  const sink = await Sink.listen(t);
  assert.equal((await call("POST", "", { url: sink.url(), events: ["all"] })).status, 201);
  const example = (name) => readFileSync(new URL(`../../docs/events/${name}.json`, import.meta.url));
  for (const kind of ["build.triggered", "build.finished"]) await server.publish(kind, `/apps/${app}`, example(kind), { token });
  for (const [kind, { headers, body }] of await told(sink)) {
    const { build } = JSON.parse(example(kind.replace("/", ".")));
    assert.deepEqual(JSON.parse(body), {
      build_slug: build.id,
      build_number: build.number,
      app_slug: app,
      build_status: { running: 0, succeeded: 1, failed: 2 }[build.state],
      build_triggered_workflow: build.workflow,
      git: { provider: build.provider, src_branch: build.branch, dst_branch: build.branch, pull_request_id: 0, tag: null },
    });
    assert.equal(headers["bitrise-hook-signature"], undefined, "there is no secret");
  }
});
