// Builds by the real process: a SIGKILL while one runs, SIGTERM, and an executor that works over the API.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BuildSink, ended, runningBuilds, settled } from "../lib/builds.mjs";
import { acme } from "../lib/scene.mjs";
import { eventually } from "../lib/wait.mjs";

const SCRIPT = 'echo "pid=$$"; [ "$MODE" = hang ] && while :; do sleep 0.1; done; echo "bye from $BITRISE_BUILD_NUMBER"';

/** A server, an app of acme/widgets and the receiver of its outgoing webhook. */
async function shop(t, settings) {
  const scene = await acme(t, settings);
  const { server, token } = scene;
  const app = JSON.parse(await server.cliAs(token, "app", "create", "--owner", "acme", "--repo", "acme/widgets", "--json"));
  const sink = await BuildSink.subscribed(t, server, token, app.slug);
  const trigger = async (...more) => {
    const started = await server.cliAs(token, "build", "trigger", app.slug, "--branch", "main", "--workflow", "ci", ...more, "--json");
    return JSON.parse(started)[0].slug;
  };
  const logOf = (build) => server.cliAs(token, "build", "log", build);
  const running = (build) => eventually(`${build} to run`, async () => /pid=(\d+)/.exec(await logOf(build))?.[1]);
  return { ...scene, app, sink, trigger, logOf, running };
}

/** Does the process live? One that only waits to be reaped does not. */
function lives(pid) {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

/** Waits until a process that was told to end has done so. */
const gone = (pid) => eventually(`the end of process ${pid}`, () => !lives(pid));

test("a build that ran when the server was killed has failed, told of once, and those queued go on", async (t) => {
  const { server, token, sink, trigger, logOf, running } = await shop(t, { flags: runningBuilds(t, SCRIPT, { concurrency: 1 }) });
  const lost = await trigger("--env", "MODE=hang");
  const pid = await running(lost);
  const queued = [await trigger(), await trigger()];
  await sink.until("build/triggered", ({ kind }) => kind === "build/triggered", 3);
  // What was sent and not written down before a SIGKILL would be sent again.
  await settled(server);
  await server.kill("SIGKILL");
  assert.ok(lives(pid), "nobody has told the command yet");

  await server.up();
  const failed = await ended(server, token, lost);
  assert.equal(failed.status, "error");
  assert.match(failed.reason, /server stopped while the build was running/);
  // The next start ends what the last one had started.
  await gone(pid);
  for (const [at, build] of queued.entries()) {
    assert.equal((await ended(server, token, build)).status, "success");
    assert.match(await logOf(build), new RegExp(`bye from ${at + 2}`));
  }
  for (const build of [lost, ...queued]) await sink.finished(build);
  await settled(server);
  assert.deepEqual(sink.about(lost), [["build/triggered", 0], ["build/finished", 2]]);
  for (const build of queued) assert.deepEqual(sink.about(build), [["build/triggered", 0], ["build/finished", 1]]);
  assert.deepEqual(sink.refused, []);
});

test("a server that is asked to stop ends its builds, and goes", async (t) => {
  const { server, token, sink, trigger, running } = await shop(t, { flags: runningBuilds(t, `trap '' TERM; ${SCRIPT}`) });
  const build = await trigger("--env", "MODE=hang");
  const pid = await running(build);
  // The command would go on for ever, whatever it is asked.
  assert.deepEqual(await server.kill("SIGTERM"), { code: 0, signal: null });
  await gone(pid);
  await server.up();
  const failed = await ended(server, token, build);
  assert.deepEqual([failed.status, failed.reason], ["error", "the server was stopped while the build was running"]);
  await sink.finished(build);
  await settled(server);
  assert.deepEqual(sink.about(build), [["build/triggered", 0], ["build/finished", 2]]);
});

test("an abort from a shell reaches a running build", async (t) => {
  const { server, token, sink, trigger, running, logOf } = await shop(t, { flags: runningBuilds(t, SCRIPT) });
  const build = await trigger("--env", "MODE=hang");
  const pid = await running(build);
  await server.cliAs(token, "build", "abort", build, "--reason", "enough", "--as-success");
  await gone(pid);
  const { payload, headers } = await sink.finished(build);
  assert.equal(payload.build_status, 4);
  assert.equal(headers["bitrise-app-id"], payload.app_slug);
  assert.match(await eventually("the last line", async () => (await logOf(build)).includes("stopped") && logOf(build)), /build was ended/);
});

test("an executor elsewhere takes a build, reports on it, and is told of an abort; its builds survive the server", async (t) => {
  const { server, token, app, sink, trigger } = await shop(t);
  const claim = () => server.must("POST", "/builds/claim", { executor: "worker", apps: [app.slug], wait_seconds: 20 }, { token });
  const waiting = claim();
  const build = await trigger("--env", "GREETING=hello $BITRISE_BUILD_NUMBER");
  const work = (await waiting) ?? (await claim());
  assert.equal(work.slug, build);
  assert.ok(work.environment.some(({ key, value }) => key === "BITRISE_BUILD_SLUG" && value === build));
  const report = (text, position) => server.must("POST", `/builds/${build}/log?position=${position}`, text, { token, headers: { "content-type": "text/plain" } });
  assert.deepEqual(await report("one\n", 0), { position: 1, abort: false, status: "in-progress" });
  // What was sent and not written down before a SIGKILL would be sent again.
  await settled(server);
  await server.kill("SIGKILL");
  await server.up();
  const follow = server.cliAs(token, "build", "log", build, "--follow");
  assert.equal((await report("one\n", 0)).position, 1, "sent again, because the answer might have been lost");
  await report("two\n", 1);
  await server.must("POST", `/builds/${build}/finish`, { status: "success" }, { token });
  assert.equal(await follow, "one\ntwo");
  const second = await trigger();
  await server.must("POST", `/builds/${second}/start`, { executor: "worker" }, { token });
  await server.cliAs(token, "build", "abort", second);
  const heard = await server.must("POST", `/builds/${second}/log`, "", { token });
  assert.deepEqual([heard.abort, heard.status], [true, "aborted"]);
  for (const one of [build, second]) await sink.finished(one);
  await settled(server);
  assert.deepEqual(sink.about(build), [["build/triggered", 0], ["build/finished", 1]]);
  assert.deepEqual(sink.about(second), [["build/triggered", 0], ["build/finished", 3]]);
});
