// @atlassian/bitbucket-server 0.0.6 is older than webhooks: it logs in and finds a repository.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { acme } from "../lib/scene.mjs";

const BitbucketServer = createRequire(import.meta.url)("@atlassian/bitbucket-server");

test("Atlassian's own old client logs in with a token or a password and finds a repository", async (t) => {
  const { server, token } = await acme(t);
  for (const credentials of [{ type: "token", token }, { type: "basic", username: "alice", password: token }]) {
    const client = new BitbucketServer({ baseUrl: server.url });
    client.authenticate(credentials);
    const { data: properties } = await client.api.getApplicationProperties();
    assert.equal(properties.displayName, "Bitbucket");
    const { data: repository } = await client.repos.getRepository({ projectKey: "ACME", repositorySlug: "widgets" });
    assert.deepEqual([repository.slug, repository.project.key, repository.scmId], ["widgets", "ACME", "git"]);
    await assert.rejects(client.repos.getRepository({ projectKey: "ACME", repositorySlug: "nothing" }), ({ code, status }) => (code ?? status) === 404);
  }
});
