// What the two Bitbucket surfaces refuse: one hook too many, and callers who do not administer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DataCenterHooks, bitbucketJs, cloud, dataCenter, refused } from "../lib/bitbucket.mjs";
import { DEAD_END, acme, tokenFor } from "../lib/scene.mjs";

test("the 51st Cloud hook of a repository is refused; after a deletion there is room again", async (t) => {
  const { server, token } = await acme(t);
  const { repositories } = bitbucketJs(server, token);
  const at = { workspace: "acme", repo_slug: "widgets" };
  const create = (n) => repositories.createWebhook({ ...at, _body: { url: `${DEAD_END}/${n}`, description: `${n}`, events: ["repo:push"] } });
  const made = [];
  for (let n = 0; n < 50; n += 1) made.push((await create(n)).data.uuid);
  await assert.rejects(create(50), ({ status, error }) => status === 400 && error.type === "error" && /50/.test(error.error.message));
  await repositories.deleteWebhook({ ...at, uid: made[7] });
  assert.equal((await create(51)).status, 201);
  const gadgets = await repositories.createWebhook({ ...at, repo_slug: "gadgets", _body: { url: DEAD_END, description: "other", events: ["repo:push"] } });
  assert.equal(gadgets.status, 201, "another repository has its own fifty");
});

test("whoever does not administer is refused as each vendor does, and cannot tell what a private repository has", async (t) => {
  const { server } = await acme(t);
  await server.must("POST", "/users", { login: "bob" });
  await server.must("POST", "/repos", { owner: "acme", name: "secret", private: true });
  await server.must("PUT", "/repos/acme/widgets/collaborators/bob", { permission: "write" });
  const bob = await tokenFor(server, "bob", ["repo", "admin:repo_hook", "admin:org_hook"]);
  const hook = { name: "n", description: "n", url: DEAD_END };

  const statusOnCloud = async (repo_slug) => {
    const params = { path: { workspace: "acme", repo_slug } };
    const answer = await refused(cloud(server, bob).POST("/repositories/{workspace}/{repo_slug}/hooks", { params, body: { ...hook, events: ["repo:push"] } }));
    assert.equal(answer.body.type, "error");
    return answer.status;
  };
  assert.deepEqual([await statusOnCloud("widgets"), await statusOnCloud("secret"), await statusOnCloud("nothing")], [403, 404, 404]);

  const onDataCenter = async (repository) => {
    const body = { ...hook, events: ["pr:opened"] };
    const { status, body: answer } = await refused(new DataCenterHooks(dataCenter(server, bob), { repository }).call("POST", "", { body }));
    return [status, answer.errors[0].exceptionName.split(".").at(-1)];
  };
  assert.deepEqual(await onDataCenter("widgets"), [401, "AuthorisationException"]);
  assert.deepEqual(await onDataCenter(undefined), [401, "AuthorisationException"]);
  assert.deepEqual(await onDataCenter("nothing"), [404, "NoSuchRepositoryException"]);
  const [status] = await onDataCenter("secret");
  assert.ok([401, 404].includes(status));
});
