// Bad input against every mutating endpoint of every surface: the vendor's error shape, and never a 5xx (H-4).
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "./lib/postrider.mjs";
import { BITRISE, CLOUD, DATA_CENTER, FITS, NULLABLE, RIGHT, V1, V3 } from "./lib/endpoints.mjs";
import { assertOwnError, send } from "./lib/raw.mjs";
import { acme, tokenFor } from "./lib/scene.mjs";
import { Sink } from "./lib/sink.mjs";
import { eventually } from "./lib/wait.mjs";

/** Values of every JSON type, to be put where another type belongs. */
const VALUES = [null, true, 7, -1, 1.5, 1e308, "", "x", "\u0000", [], ["x"], [null], {}, { x: { x: [] } }, "x".repeat(5_000)];
const BROKEN = ["", " ", "{", '{"config":', "\u0000", '{"a":1}}', "[1", '"', "nul", "{'a':1}", '{"a":1,}', "\ufeff{}"];
const NOT_OBJECTS = ["[]", "7", '"text"', "true", "null"];
const DEEP = "[".repeat(20_000) + "]".repeat(20_000);
const LARGE = Buffer.from(JSON.stringify({ pad: "x".repeat(27 * 1024 * 1024) }));
const NOT_UTF8 = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('"}')]);
for (const surface of [V3, V1, CLOUD, DATA_CENTER, BITRISE]) {
  describe(`bad input on ${surface.prefix}`, () => {
    let server;
    let token;
    let ids;
    /** Calls an endpoint as a site admin or with what `options` say; fails on any 5xx. */
    const call = async (method, path, options = {}) => {
      const full = surface.prefix + path.replace(/\{(\w+)\}/g, (_, name) => ids[name]);
      const answer = await send(server.url, method, full, { token, ...options });
      assert.ok(answer.status < 500, `${method} ${full} ${String(options.body).slice(0, 200)}: ${answer.status} ${answer.text}`);
      return answer;
    };

    const t = forSuite();
    before(async () => {
      const scene = await acme(t);
      ({ server, token } = scene);
      const sink = await Sink.listen(t);
      await server.must("POST", "/users", { login: "bob" });
      const make = (scope) => server.must("POST", "/hooks", { scope, dialect: surface.dialect, url: sink.url(), events: [surface.event] });
      const places = (await surface.places?.(server, token)) ?? { hook: "/repos/acme/widgets", orgHook: "/orgs/acme" };
      const [hook, orgHook] = [await make(places.hook), await make(places.orgHook)];
      await server.publish(`${surface.dialect}.${surface.event}`, places.hook, {});
      const delivery = await eventually("a delivery", async () => (await server.must("GET", `/hooks/${hook.id}/deliveries`)).items[0]);
      const idOf = surface.idOf ?? (({ id }) => id);
      ids = { hook: idOf(hook), orgHook: idOf(orgHook), delivery: surface.idOfDelivery?.(delivery.id) ?? delivery.id, bob: "bob", ...places.ids };
      if (surface.admin) token = server.admin;
    });

    for (const [method, path, body] of surface.endpoints) {
      it(`${method} ${path}`, async () => {
        const label = `${method} ${path}`;
        for (const bad of ["nonsense", "ghp_000000000000000000000000000000000000", "x".repeat(4_000)]) {
          const answer = await call(method, path, { token: bad, body: body && "{}" });
          surface.assertError(answer, label);
          assert.equal(answer.status, 401, label);
        }
        const anonymous = await call(method, path, { token: undefined, body: body && "{}" });
        surface.assertError(anonymous, label);
        assert.ok([401, 404].includes(anonymous.status), `${label}: ${anonymous.status}`);
        const scopeless = await tokenFor(server, "alice", ["user"]);
        const refused = await call(method, path, { token: scopeless, body: body && JSON.stringify(RIGHT[label]?.() ?? {}) });
        if (!(surface === V1 && path === "/events") && !(path === "/tokens" || path === "/tokens/1")) {
          surface.assertError(refused, label);
          assert.ok((body?.denied ?? surface.denied).includes(refused.status), `${label} without a scope: ${refused.status} ${refused.text}`);
        }
        if (!body) return;

        for (const text of BROKEN) {
          const answer = await call(method, path, { body: text });
          if (text.trim() !== "") {
            surface.assertError(answer, `${label} ${text}`);
            assert.ok([400, 422].includes(answer.status), `${label} ${text}: ${answer.status}`);
          }
        }
        for (const text of [...NOT_OBJECTS, DEEP, NOT_UTF8]) surface.assertError(await call(method, path, { body: text }), `${label} ${String(text).slice(0, 20)}`);
        const large = await call(method, path, { body: LARGE });
        surface.assertError(large, label);
        assert.equal(large.status, 413, label);
        await call(method, path, { body: "{}", type: "text/plain" });
        await call(method, path, { body: "a=b", type: "application/x-www-form-urlencoded" });
        await call(method, path, { body: JSON.stringify({ ...RIGHT[label]?.(), unknown: 1, "": null, __proto__: 1 }) });

        const right = RIGHT[label] ?? (() => ({}));
        const wrong = async (member, value, wrap, strict) => {
          const text = JSON.stringify(wrap(value));
          const answer = await call(method, path, { body: text });
          if (answer.status >= 400) return surface.assertError(answer, `${label} ${text.slice(0, 200)}`);
          const fits = surface.fits?.[member] ?? FITS[member];
          const allowed = !strict || fits?.(value) || (value === null && (NULLABLE.test(member) || surface.nullable?.test(member)));
          assert.ok(allowed, `${label} took ${text.slice(0, 200)}: ${answer.status}`);
        };
        const typed = (value) => !["", "x", "\u0000"].includes(value) && !(typeof value === "string" && value.length > 100);
        for (const member of body.strict) {
          for (const value of VALUES) await wrong(member, value, (v) => ({ ...right(), [member]: v }), typed(value) && !(member === "insecure_ssl"));
        }
        for (const member of body.config ?? []) {
          for (const value of VALUES) await wrong(member, value, (v) => ({ ...right(), config: { ...right().config, [member]: v } }), false);
        }
      });
    }

    it("numbers in paths that are no ids", async () => {
      for (const [method, path] of surface.endpoints.filter(([, path]) => /\{(hook|orgHook)\}/.test(path))) {
        for (const id of surface.noIds) {
          const answer = await call(method, path.replace(/\{(hook|orgHook)\}/, id), { body: method === "DELETE" ? undefined : "{}" });
          surface.assertError(answer, `${method} ${path} ${id}`);
        }
      }
    });

    it("unknown paths and wrong methods have the same shape", async () => {
      for (const path of ["/nothing", "/repos/acme", "/repos/acme/widgets/hooks/1/2/3/4", "//", "/%ff%fe", `/${"x".repeat(4_000)}`]) {
        surface.assertError(await call("GET", path), path);
      }
      const list = surface.lists[0].split("?")[0];
      for (const method of ["PUT", "DELETE", "OPTIONS-X"]) surface.assertError(await call(method, list), `${method} ${list}`);
    });

    it("queries of nonsense", async () => {
      for (const query of surface.queries) {
        for (const path of surface.lists) {
          const answer = await call("GET", path + (path.includes("?") ? "&" : "?") + query);
          if (answer.status >= 400) surface.assertError(answer, `${path} ${query}`);
        }
      }
    });

    it("the server is unharmed", async () => {
      assert.equal((await send(server.url, "GET", "/healthz")).status, 200);
      assert.equal((await server.must("GET", "/doctor")).conservation.holds, true);
    });
  });
}

describe("bad forms at /websub", () => {
  const FORM = "application/x-www-form-urlencoded";
  const good = { "hub.mode": "subscribe", "hub.topic": "http://nobody.invalid/topic", "hub.callback": "http://nobody.invalid/cb" };
  /** One line of plain text that names what is wrong. */
  const assertRefused = (answer, status, name, label) => {
    assert.equal(answer.status, status, `${label}: ${answer.text}`);
    assert.equal(answer.headers["content-type"], "text/plain; charset=utf-8", label);
    assert.match(answer.text, /^[^\n]{1,200}\n$/, label);
    if (name) assert.ok(answer.text.includes(name), `${label}: ${answer.text}`);
  };

  it("each fault has its status and names its parameter", async (t) => {
    const { server } = await acme(t, { env: { POSTRIDER_WEBSUB__REQUESTS_PER_MINUTE: "100000" } });
    const call = (body, type = FORM) => send(server.url, "POST", "/websub", { token: undefined, body, type });
    const form = (change) => new URLSearchParams({ ...good, ...change }).toString();
    const cases = [
      ["hub.mode", ["", "x", "denied", "\u0000"]],
      ["hub.topic", ["", "x", "/x", "ftp://a.test/", "http://a.test/#x", "http://a.test/ x", `http://a.test/${"x".repeat(2_048)}`]],
      ["hub.callback", ["", "x", "/x", "ftp://a.test/", "http://a.test/#x", "http://u:p@a.test/", `http://a.test/${"x".repeat(2_048)}`]],
      ["hub.lease_seconds", ["0", "-1", "1.5", "abc"]],
      ["hub.secret", ["x".repeat(200), "ä".repeat(100)]],
    ];
    for (const [name, values] of cases) {
      for (const value of values) assertRefused(await call(form({ [name]: value })), 400, name, `${name}=${value.slice(0, 40)}`);
      if (!["hub.lease_seconds", "hub.secret"].includes(name)) {
        assertRefused(await call(new URLSearchParams(Object.entries(good).filter(([key]) => key !== name)).toString()), 400, name, `no ${name}`);
      }
    }
    for (const body of [...BROKEN, ...NOT_OBJECTS, DEEP.slice(0, 1_000), NOT_UTF8]) {
      assertRefused(await call(body), 400, undefined, String(body).slice(0, 40));
    }
  });

  it("bodies that are no forms", async (t) => {
    const { server } = await acme(t, { env: { POSTRIDER_WEBSUB__REQUESTS_PER_MINUTE: "100000" } });
    const call = (body, type) => send(server.url, "POST", "/websub", { token: undefined, body, type });
    for (const type of ["application/json", "text/plain", "application/xml"]) assertRefused(await call("{}", type), 415, undefined, type);
    assertRefused(await call("x".repeat(64 * 1024 + 1), FORM), 413, undefined, "too long");
    assertRefused(await call("--x\r\n", "multipart/form-data; boundary=x"), 400, undefined, "cut short");
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await send(server.url, method, "/websub", { token: undefined });
      assert.equal(answer.status, 405, method);
      assert.equal(answer.headers.allow, "POST", method);
    }
    assert.equal((await send(server.url, "GET", "/healthz")).status, 200);
  });
});

describe("bad events", () => {
  it("each fault has its status and names its field", async (t) => {
    const { server, token } = await acme(t);
    const good = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/repos/acme/widgets", "ce-type": "github.watch" };
    const without = (name) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
    const cases = [
      [without("ce-id"), '{"action":"started"}', [400, 422], "id"],
      [without("ce-source"), '{"action":"started"}', [400, 422], "source"],
      [without("ce-type"), '{"action":"started"}', [400, 422], "type"],
      [{ ...good, "ce-id": "" }, "{}", [400, 422], "id"],
      [{ ...good, "ce-id": "x".repeat(2_000) }, "{}", [400, 422], "id"],
      [{ ...good, "ce-specversion": "0.3" }, "{}", [400, 422], undefined],
      [{ ...good, "ce-source": "/repos/acme/nothing" }, "{}", [404], "source"],
      [{ ...good, "ce-source": "acme" }, "{}", [404, 422], "source"],
      [{ ...good, "ce-time": "yesterday" }, "{}", [400, 422], "time"],
      [{ ...good, "ce-type": "push" }, "{}", [422], "data"],
      [{ ...good, "ce-type": "push" }, '{"pusher":{},"refs":[{}]}', [422], "data"],
      [{ ...good, "ce-type": "push" }, "[]", [422], "data"],
      [{ ...good, "ce-type": "unheard" }, "{}", [422], "type"],
      [{ ...good, "ce-type": "github.nope" }, "{}", [422], undefined],
      [good, "{", [400, 422], undefined],
      [good, "[]", [422], undefined],
    ];
    for (const [headers, body, statuses, field] of cases) {
      const answer = await send(server.url, "POST", "/api/v1/events", { token, body, headers });
      const label = `${JSON.stringify(headers).slice(0, 120)} ${body}: ${answer.status} ${answer.text}`;
      assertOwnError(answer, label);
      assert.ok(statuses.includes(answer.status), label);
      if (field) assert.equal(JSON.parse(answer.text).error.field, field, label);
    }
    const type = "application/cloudevents-batch+json";
    const item = { specversion: "1.0", id: "b1", source: "/repos/acme/widgets", type: "github.watch", data: { action: "started" } };
    const batch = JSON.stringify([item, { ...item, id: "" }, 7, { ...item, id: "b2", source: "/repos/acme/none" }, { ...item, id: "b3" }]);
    const mixed = await send(server.url, "POST", "/api/v1/events", { token, body: batch, type });
    assert.equal(mixed.status, 202, mixed.text);
    const statuses = JSON.parse(mixed.text).map(({ status }) => status);
    assert.deepEqual([statuses[0], statuses[3], statuses[4]], [202, 404, 202]);
    assert.ok(statuses.slice(1, 3).every((status) => [400, 422].includes(status)), mixed.text);
    for (const body of ["{}", "[", "7", JSON.stringify(Array.from({ length: 1_001 }, (_, n) => ({ ...item, id: `m${n}` })))]) {
      assertOwnError(await send(server.url, "POST", "/api/v1/events", { token, body, type }), body.slice(0, 40));
    }
  });
});
