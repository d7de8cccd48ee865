// The receivers themselves, without Postrider: they take the vendors' published vectors and refuse what is wrong.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { test } from "node:test";
import { send } from "./lib/raw.mjs";
import { assertSchema } from "./lib/schemas.mjs";
import { SignedSink, VerifiedSink } from "./lib/sink.mjs";
import { assertHubSignature, assertSigned } from "./lib/verify.mjs";

const examples = createRequire(import.meta.url)("@octokit/webhooks-examples");

test("check 31: the signature vectors", () => {
  const vectors = [
    ["It's a Secret to Everybody", "Hello, World!", "01dc10d0c83e72ed246219cdd91669667fe2ca59", "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"],
    ["s3cr3t", '{"zen":"héllo & wörld","hook_id":7}', "6f72de9c602b09595d4cec7d5ec389ce0bfd8359", "27e8f88aa1faba4b4c408b8972cc241fc6e5fe548b0a48eee81dfaaae4b508ca"],
  ];
  for (const [secret, text, sha1, sha256] of vectors) {
    const headers = { "x-hub-signature": `sha1=${sha1}`, "x-hub-signature-256": `sha256=${sha256}` };
    assertSigned({ headers, body: Buffer.from(text) }, secret);
    assert.throws(() => assertSigned({ headers, body: Buffer.from(`${text} `) }, secret));
  }
});

test("the verifying receiver takes a signed message and refuses a forged one", async (t) => {
  const sink = await VerifiedSink.listen(t, { secret: "s" });
  const body = '{"zen":"one thing"}';
  const headers = (secret) => ({
    "x-github-event": "ping",
    "x-github-delivery": crypto.randomUUID(),
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  });
  const base = `http://127.0.0.1:${sink.port}`;
  assert.equal((await send(base, "POST", "/hook", { body, headers: headers("s") })).status, 200);
  assert.equal((await send(base, "POST", "/hook", { body, headers: headers("other") })).status, 400);
  assert.equal(sink.requests.length, 1);
  assert.deepEqual([sink.requests[0].body.toString(), sink.requests[0].payload], [body, { zen: "one thing" }]);
  assert.notEqual(sink.refused.length, 0);
});

test("the receiver of both Bitbuckets takes the documented signature and refuses a forged or missing one", async (t) => {
  const secret = "It's a Secret to Everybody";
  const documented = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
  assertHubSignature({ headers: { "x-hub-signature": documented }, body: Buffer.from("Hello World!") }, secret);
  const sink = await SignedSink.listen(t, { secret });
  const body = '{"title":"café ✓"}';
  const right = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const post = async (text, signature) => {
    const headers = { "x-event-key": "repo:push", ...(signature && { "x-hub-signature": signature }) };
    return (await send(`http://127.0.0.1:${sink.port}`, "POST", "/hook", { body: text, headers })).status;
  };
  assert.equal(await post(body, right), 200);
  assert.deepEqual([await post(`${body} `, right), await post(body, right.slice(7)), await post(body)], [403, 403, 403]);
  assert.deepEqual([sink.requests.map(({ payload }) => payload.title), sink.refused.length], [["café ✓"], 3]);
});

/** An example that fits the schemas; some of the published ones are older than these. */
function fitting(name) {
  return examples.find((event) => event.name === name).examples.find((payload) => {
    try {
      return assertSchema(name, payload) ?? true;
    } catch {
      return false;
    }
  });
}

test("the schemas take GitHub's own examples, and refuse them with a member missing, added or of another type", () => {
  const push = fitting("push");
  assert.throws(() => assertSchema("push", { ...push, unheard: 1 }));
  assert.throws(() => assertSchema("push", { ...push, compare: undefined }));
  const issue = fitting("issues");
  assert.throws(() => assertSchema("issues", { ...issue, issue: { ...issue.issue, number: "1" } }));
});
