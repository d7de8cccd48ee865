// Topics as published readers see them: the streams of a repository as Atom and JSON Feed, read with feedsmith.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { parseAtomFeed, parseJsonFeed } from "feedsmith";
import { forSuite } from "../lib/postrider.mjs";
import { acme } from "../lib/scene.mjs";

const EXAMPLES = new URL("../../docs/events/", import.meta.url);
const ATOM = "application/atom+xml; charset=utf-8";
const JSON_FEED = "application/feed+json; charset=utf-8";
/** Families that no stream shows: they are for those who administer. */
const WITHHELD = ["member", "organization", "secret"];
/** Entries of a page. */
const PAGE = 30;

describe("topics", () => {
  const suite = forSuite();
  const kinds = readdirSync(EXAMPLES).filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));
  const shown = kinds.filter((kind) => !WITHHELD.includes(kind.split(".")[0]));
  const published = new Map();
  let server;

  before(async () => {
    ({ server } = await acme(suite));
    for (const kind of kinds) {
      const text = readFileSync(new URL(`${kind}.json`, EXAMPLES), "utf8").trim();
      const source = kind.startsWith("organization.") ? "/orgs/acme" : "/repos/acme/widgets";
      const { uid } = await server.publish(kind, source, text);
      published.set(kind, { uid, text });
    }
  });

  /** The page of a stream, which must be found. */
  async function page(name, headers = {}) {
    const response = await fetch(`${server.url}/acme/widgets/events/${name}`, { headers });
    assert.equal(response.status, 200, name);
    return { type: response.headers.get("content-type"), link: response.headers.get("link"), tag: response.headers.get("etag"), text: await response.text() };
  }

  const topic = (name) => `${server.url}/acme/widgets/events/${name}`;
  const hub = () => `${server.url}/websub`;

  test("check_13_3_2 Atom: every canonical event is an entry with its own data", async () => {
    for (const kind of shown) {
      const { type, link, text } = await page(kind);
      assert.equal(type, ATOM);
      assert.equal(link, `<${topic(kind)}>; rel="self", <${hub()}>; rel="hub"`);
      const feed = parseAtomFeed(text);
      const links = (rel) => feed.links.filter((one) => one.rel === rel).map((one) => one.href);
      assert.deepEqual([links("self"), links("hub"), links("alternate")], [[topic(kind)], [hub()], [`${server.url}/acme/widgets`]]);
      assert.equal(feed.entries.length, 1, kind);
      const [entry] = feed.entries;
      assert.equal(entry.id, `urn:uuid:${published.get(kind).uid}`);
      assert.equal(feed.updated, entry.updated);
      const content = typeof entry.content === "string" ? entry.content : entry.content.value;
      assert.equal(content, published.get(kind).text, `${kind}: byte for byte`);
      assert.match(entry.title.value ?? entry.title, /acme\/widgets/);
    }
  });

  test("JSON Feed: the same events, with type and data for programs", async () => {
    for (const kind of shown) {
      const { type, link, text } = await page(`${kind}.json`);
      assert.equal(type, JSON_FEED);
      assert.equal(link, `<${topic(`${kind}.json`)}>; rel="self", <${hub()}>; rel="hub"`);
      const feed = parseJsonFeed(text);
      assert.deepEqual([feed.feed_url, feed.home_page_url], [topic(`${kind}.json`), `${server.url}/acme/widgets`]);
      assert.deepEqual(feed.hubs, [{ type: "WebSub", url: hub() }]);
      assert.deepEqual(feed.items.map((item) => item.id), [`urn:uuid:${published.get(kind).uid}`]);
      assert.match(feed.items[0].title, /acme\/widgets/);
      const [{ _postrider: extension }] = JSON.parse(text).items;
      assert.equal(extension.type, kind);
      assert.deepEqual(extension.data, JSON.parse(published.get(kind).text));
    }
  });

  test("the stream of everything has the newest events, in both forms", async () => {
    const newest = [...published].filter(([kind]) => shown.includes(kind)).slice(-PAGE).reverse();
    const ids = newest.map(([, { uid }]) => `urn:uuid:${uid}`);
    assert.deepEqual(parseAtomFeed((await page("all")).text).entries.map((entry) => entry.id), ids);
    assert.deepEqual(parseJsonFeed((await page("all.json")).text).items.map((item) => item.id), ids);
  });

  test("a reader that prefers JSON gets the JSON Feed under its own name", async () => {
    const [asked, named] = [await page("all", { accept: "application/feed+json, */*;q=0.1" }), await page("all.json")];
    assert.deepEqual(asked, named);
    assert.notEqual((await page("all")).tag, named.tag);
  });

  test("strange text survives XML", async () => {
    const title = "a\u0000b\u001b <b>&amp; ]]> \ud83d\ude80 \uffff\u2028end";
    const event = JSON.parse(published.get("issue.opened").text);
    event.issue.title = title;
    const text = JSON.stringify(event);
    await server.publish("issue.opened", "/repos/acme/gadgets", text);
    const response = await fetch(`${server.url}/acme/gadgets/events/issues`);
    const [entry] = parseAtomFeed(await response.text()).entries;
    const shownTitle = entry.title.value ?? entry.title;
    assert.ok(shownTitle.includes("<b>&amp; ]]> \ud83d\ude80"), shownTitle);
    const content = typeof entry.content === "string" ? entry.content : entry.content.value;
    assert.equal(JSON.parse(content).issue.title, title.replace("\uffff", "\ufffd"), "but for what XML cannot have");
  });
});
