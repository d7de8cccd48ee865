// OAuth applications through @octokit/oauth-methods, and a person who signs in and decides.
import assert from "node:assert/strict";
import { before, describe, it, test } from "node:test";
import {
  checkToken,
  createDeviceCode,
  deleteAuthorization,
  deleteToken,
  exchangeDeviceCode,
  exchangeWebFlowCode,
  getWebFlowAuthorizationUrl,
  resetToken,
} from "@octokit/oauth-methods";
import { request as octokitRequest } from "@octokit/request";
import { Browser } from "../lib/browser.mjs";
import { forSuite } from "../lib/postrider.mjs";
import { acme, rest, tokenFor } from "../lib/scene.mjs";

const CALLBACK = "http://127.0.0.1:1026/callback";
const clientType = "oauth-app";

/** An octokit call that must end in one of GitHub's OAuth errors. */
async function oauthError(call) {
  const error = await call.then(() => assert.fail("was answered"), (error) => error);
  assert.ok(error.response, error);
  return error.response.data.error;
}

/** alice's server with an application of acme's, and her browser. */
async function scene(t, options) {
  const { server, token } = await acme(t, options);
  const made = await server.cli("oauth-app", "create", "--owner", "acme", "--name", "Ferry", "--redirect-uri", CALLBACK, "--device-flow", "--json");
  const { client_id: clientId, client_secret: clientSecret } = JSON.parse(made);
  const request = octokitRequest.defaults({ baseUrl: `${server.url}/api/v3` });
  const alice = await Browser.signedIn(server.url, token);
  return { server, token, clientId, clientSecret, request, alice };
}

describe("OAuth applications", () => {
  const t = forSuite();
  let s;
  let app;
  before(async () => {
    s = await scene(t);
    app = { clientType, clientId: s.clientId, clientSecret: s.clientSecret, request: s.request };
  });

  /** A code that alice gives. */
  async function code(scopes = ["repo"], more = {}) {
    const { url } = getWebFlowAuthorizationUrl({ clientType, clientId: s.clientId, scopes, request: s.request, state: "xyz", ...more });
    const back = await s.alice.decide(url);
    assert.equal(back.searchParams.get("state"), "xyz");
    assert.equal(back.searchParams.get("iss"), s.server.url);
    return back.searchParams.get("code");
  }

  const exchange = async (...args) => (await exchangeWebFlowCode({ ...app, code: await code(...args) })).authentication;

  it("the web flow gives a token that acts for the user", async () => {
    const { authentication } = await exchangeWebFlowCode({ ...app, code: await code(["repo"], { redirectUrl: CALLBACK }), redirectUrl: CALLBACK });
    assert.deepEqual(authentication.scopes, ["repo"]);
    const { data, headers } = await rest(s.server, authentication.token).rest.users.getAuthenticated();
    assert.equal(data.login, "alice");
    assert.deepEqual([headers["x-oauth-scopes"], headers["x-oauth-client-id"]], ["repo", s.clientId]);
  });

  it("errors come under GitHub's names", async () => {
    const good = await code();
    assert.equal(await oauthError(exchangeWebFlowCode({ ...app, clientSecret: "wrong", code: good })), "incorrect_client_credentials");
    assert.equal(await oauthError(exchangeWebFlowCode({ ...app, code: "nonsense" })), "bad_verification_code");
    assert.equal(await oauthError(exchangeWebFlowCode({ ...app, code: good, redirectUrl: `${CALLBACK}/other` })), "redirect_uri_mismatch");
  });

  it("a token is checked, renewed and given back", async () => {
    const { token } = await exchange();
    const { data, authentication } = await checkToken({ ...app, token });
    assert.deepEqual([data.user.login, data.app.client_id, authentication.scopes], ["alice", s.clientId, ["repo"]]);
    const renewed = (await resetToken({ ...app, token })).authentication.token;
    await assert.rejects(checkToken({ ...app, token }), { status: 404 });
    assert.equal((await checkToken({ ...app, token: renewed })).status, 200);
    assert.equal((await deleteToken({ ...app, token: renewed })).status, 204);
    await assert.rejects(checkToken({ ...app, token: renewed }), { status: 404 });
    await assert.rejects(checkToken({ ...app, clientSecret: "wrong", token }), { status: 401 });
  });

  it("a grant is given back with all its tokens", async () => {
    const [one, other] = [await exchange(), await exchange()];
    assert.equal((await deleteAuthorization({ ...app, token: one.token })).status, 204);
    await assert.rejects(checkToken({ ...app, token: other.token }), { status: 404 });
  });

  it("the device flow: pending, slowed down, connected", async () => {
    const { data } = await createDeviceCode({ clientType, clientId: s.clientId, scopes: ["repo", "admin:org_hook"], request: s.request });
    assert.equal(data.verification_uri, `${s.server.url}/login/device`);
    assert.match(data.user_code, /^[B-Z]{4}-[B-Z]{4}$/);
    const poll = () => exchangeDeviceCode({ clientType, clientId: s.clientId, code: data.device_code, request: s.request });
    assert.equal(await oauthError(poll()), "authorization_pending");
    assert.equal(await oauthError(poll()), "slow_down");
    assert.match((await s.alice.connect(data.user_code)).text, /Your device is connected/);
    const { authentication } = await poll();
    assert.deepEqual(authentication.scopes, ["repo,admin:org_hook"], "GitHub separates them with commas, too");
    assert.equal((await checkToken({ ...app, token: authentication.token })).data.user.login, "alice");
  });

  it("a device is refused", async () => {
    const { data } = await createDeviceCode({ clientType, clientId: s.clientId, request: s.request });
    await s.alice.connect(data.user_code, "0");
    const poll = exchangeDeviceCode({ clientType, clientId: s.clientId, code: data.device_code, request: s.request });
    assert.equal(await oauthError(poll), "access_denied");
  });

  it("the command line makes tokens of an application, renews its secret and deletes it", async () => {
    const { server } = s;
    const made = JSON.parse(await server.cli("oauth-app", "create", "--owner", "acme", "--name", "Canoe"));
    const token = await server.cli("token", "create", "--user", "alice", "--scopes", "repo", "--oauth-app", made.client_id);
    const canoe = { clientType, clientId: made.client_id, clientSecret: made.client_secret, request: s.request };
    assert.equal((await checkToken({ ...canoe, token })).data.user.login, "alice");
    const renewed = JSON.parse(await server.cli("oauth-app", "secret", made.client_id));
    await assert.rejects(checkToken({ ...canoe, token }), { status: 401 });
    assert.equal((await checkToken({ ...canoe, clientSecret: renewed.client_secret, token })).status, 200);
    await server.cli("oauth-app", "delete", made.client_id);
    await assert.rejects(rest(server, token).rest.users.getAuthenticated(), { status: 401 });
    const listed = JSON.parse(await server.cli("oauth-app", "list", "--owner", "acme"));
    assert.deepEqual(listed.map((app) => app.name), ["Ferry"]);
  });
});

test("SIGKILL between consent and exchange loses nothing", async (t) => {
  const { server, clientId, clientSecret, request, alice } = await scene(t);
  const { url } = getWebFlowAuthorizationUrl({ clientType, clientId, scopes: ["repo"], request });
  const code = (await alice.decide(url)).searchParams.get("code");
  const { data } = await createDeviceCode({ clientType, clientId, request });
  await server.kill();
  await server.up();
  assert.match((await alice.connect(data.user_code)).text, /Your device is connected/, "the session survived, too");
  await server.kill();
  await server.up();
  const web = await exchangeWebFlowCode({ clientType, clientId, clientSecret, code, request });
  const device = await exchangeDeviceCode({ clientType, clientId, code: data.device_code, request });
  for (const { authentication } of [web, device]) {
    const { data } = await checkToken({ clientType, clientId, clientSecret, token: authentication.token, request });
    assert.equal(data.user.login, "alice");
  }
});

test("a token that a user made for less gives an application no more", async (t) => {
  const { server, clientId, clientSecret, request } = await scene(t);
  const alice = await Browser.signedIn(server.url, await tokenFor(server, "alice", ["read:repo_hook"]));
  const { url } = getWebFlowAuthorizationUrl({ clientType, clientId, scopes: ["repo", "read:repo_hook"], request });
  const code = (await alice.decide(url)).searchParams.get("code");
  const { authentication } = await exchangeWebFlowCode({ clientType, clientId, clientSecret, code, request });
  assert.deepEqual(authentication.scopes, ["read:repo_hook"]);
});
