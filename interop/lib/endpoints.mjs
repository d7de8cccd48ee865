// Every mutating endpoint of every surface, and what is right and wrong there: the tables of bad-input.test.mjs.
import { assertBitriseError, assertCloudError, assertDataCenterError, assertGitHubError, assertOwnError } from "./raw.mjs";
import { DEAD_END } from "./scene.mjs";

/** Numbers that are no id of ours, and what else may stand for one. */
const NO_IDS = ["0", "-1", "1.5", "abc", "9007199254740993", "99999999999999999999999", "%00", "%2e%2e", "1%20", "0x1"];
const NO_PAGES = ["page=0", "page=-1", "page=99999999999999999999", "limit=0", "limit=x", "start=-1", "start=99999999999999999999", "%ff=%fe", "&&&===="];

/** GitHub's surface. `strict`: members of a body of which a wrong type must be refused; `config`: those of its config. */
export const V3 = {
  prefix: "/api/v3",
  assertError: assertGitHubError,
  denied: [404, 403],
  dialect: "github",
  event: "watch",
  noIds: NO_IDS,
  lists: ["/repos/acme/widgets/hooks", "/repos/acme/widgets/hooks/{hook}/deliveries", "/orgs/acme/hooks", "/orgs/acme/hooks/{orgHook}/deliveries"],
  queries: [...NO_PAGES, "per_page=0", "per_page=-1", "per_page=x", "cursor=%00", "cursor=x", `cursor=${"A".repeat(3_000)}`, "status=x"],
  endpoints: [
    ["POST", "/repos/acme/widgets/hooks", { strict: ["config", "events", "active"], config: ["url", "content_type", "insecure_ssl", "secret"] }],
    ["PATCH", "/repos/acme/widgets/hooks/{hook}", { strict: ["config", "events", "active", "add_events", "remove_events"], config: ["url", "content_type", "insecure_ssl", "secret"] }],
    ["PATCH", "/repos/acme/widgets/hooks/{hook}/config", { strict: ["url", "content_type", "insecure_ssl", "secret"] }],
    ["POST", "/repos/acme/widgets/hooks/{hook}/pings"],
    ["POST", "/repos/acme/widgets/hooks/{hook}/tests"],
    ["POST", "/repos/acme/widgets/hooks/{hook}/deliveries/{delivery}/attempts"],
    ["DELETE", "/repos/acme/widgets/hooks/{hook}"],
    ["POST", "/orgs/acme/hooks", { strict: ["config", "events", "active"], config: ["url", "content_type", "insecure_ssl", "secret"] }],
    ["PATCH", "/orgs/acme/hooks/{orgHook}", { strict: ["config", "events", "active", "add_events", "remove_events"], config: ["url", "content_type", "insecure_ssl", "secret"] }],
    ["PATCH", "/orgs/acme/hooks/{orgHook}/config", { strict: ["url", "content_type", "insecure_ssl", "secret"] }],
    ["POST", "/orgs/acme/hooks/{orgHook}/pings"],
    ["DELETE", "/orgs/acme/hooks/{orgHook}"],
    ["PUT", "/orgs/acme/memberships/bob", { strict: ["role"] }],
    ["DELETE", "/orgs/acme/memberships/bob"],
    ["POST", "/orgs/acme/repos", { strict: ["name"] }],
    ["POST", "/user/repos", { strict: ["name"] }],
    // It reads forms: JSON of any kind is a form without fields.
    ["POST", "/hub", { strict: [], denied: [422] }],
  ],
};

/** Postrider's own. */
export const V1 = {
  prefix: "/api/v1",
  assertError: assertOwnError,
  denied: [403, 404],
  dialect: "github",
  event: "watch",
  admin: true,
  noIds: NO_IDS,
  lists: ["/hooks?scope=/repos/acme/widgets", "/hooks/{hook}/deliveries"],
  queries: [...NO_PAGES, "cursor=%00", "cursor=x", `cursor=${"A".repeat(3_000)}`, "since=yesterday", "status=x"],
  endpoints: [
    ["POST", "/events", { strict: [] }],
    ["POST", "/users", { strict: ["login", "site_admin"] }],
    ["DELETE", "/users/{bob}"],
    ["POST", "/orgs", { strict: ["login"] }],
    ["DELETE", "/orgs/acme"],
    ["PUT", "/orgs/acme/members/bob", { strict: ["role"] }],
    ["DELETE", "/orgs/acme/members/bob"],
    ["POST", "/repos", { strict: ["owner", "name", "private"] }],
    ["DELETE", "/repos/acme/gadgets"],
    ["PUT", "/repos/acme/widgets/collaborators/bob", { strict: ["permission"] }],
    ["DELETE", "/repos/acme/widgets/collaborators/bob"],
    ["POST", "/oauth-apps", { strict: ["name", "redirect_uris", "device_flow"] }],
    ["POST", "/tokens", { strict: ["scopes", "expires_in"] }],
    ["DELETE", "/tokens/1"],
    ["POST", "/builds/claim", { strict: ["executor"] }],
    ["POST", "/hooks", { strict: ["scope", "dialect", "url", "events", "content_type", "active", "timeout", "retries"] }],
    ["POST", "/hooks/{hook}/pings"],
    ["POST", "/hooks/{hook}/breaker/close"],
    ["DELETE", "/hooks/{hook}"],
    ["POST", "/deliveries/{delivery}/redeliver"],
  ],
};

const ofCloud = (hooks, hook) => [
  ["POST", hooks, { strict: ["url", "description", "events", "active", "secret", "skip_cert_verification", "history_enabled"] }],
  ["PUT", `${hooks}/${hook}`, { strict: ["url", "description", "events", "active", "secret", "skip_cert_verification", "history_enabled"] }],
  ["DELETE", `${hooks}/${hook}`],
];

/** Bitbucket Cloud's. */
export const CLOUD = {
  prefix: "/2.0",
  assertError: assertCloudError,
  denied: [403, 404],
  dialect: "bitbucket_cloud",
  event: "repo:push",
  idOf: ({ uid }) => `%7B${uid}%7D`,
  noIds: [...NO_IDS, "%7B%7D", "%7Babc%7D", "%7B00000000-0000-0000-0000-000000000000%7D", "{", "00000000-0000-0000-0000-000000000000"],
  lists: ["/repositories/acme/widgets/hooks", "/hook_events/repository"],
  queries: [...NO_PAGES, "pagelen=0", "pagelen=-1", "pagelen=x", "pagelen=99999999999999999999", "page=x"],
  endpoints: [...ofCloud("/repositories/acme/widgets/hooks", "{hook}"), ...ofCloud("/workspaces/acme/hooks", "{orgHook}")],
  fits: { events: () => false },
  nullable: /^(url|description|history_enabled|skip_cert_verification)$/,
};

const ofDataCenter = (hooks, hook) => [
  ["POST", hooks, { strict: ["name", "url", "events", "active", "configuration", "credentials", "sslVerificationRequired"] }],
  ["PUT", `${hooks}/${hook}`, { strict: ["name", "url", "events", "active", "configuration", "credentials", "sslVerificationRequired"] }],
  ["DELETE", `${hooks}/${hook}`],
  ["POST", `${hooks}/test?url=${encodeURIComponent(DEAD_END)}`, { strict: ["username", "password"] }],
];

/** Bitbucket Data Center's. */
export const DATA_CENTER = {
  prefix: "/rest/api/1.0",
  assertError: assertDataCenterError,
  denied: [401, 404],
  dialect: "bitbucket_datacenter",
  event: "pr:opened",
  noIds: NO_IDS,
  lists: ["/projects/ACME/repos/widgets/webhooks", "/projects/ACME/repos/widgets/webhooks/search", "/projects/ACME/repos/widgets/webhooks/{hook}/latest"],
  queries: [...NO_PAGES, "limit=-1", "start=x", "statistics=maybe", "event=nothing", "scopeType=x", "outcome=x"],
  endpoints: [...ofDataCenter("/projects/ACME/repos/widgets/webhooks", "{hook}"), ...ofDataCenter("/projects/ACME/webhooks", "{orgHook}")],
  fits: { events: () => false },
  nullable: /^(configuration|credentials|sslVerificationRequired|username|password)$/,
};

/** Bitrise's: an app of acme, with its hooks. */
export const BITRISE = {
  prefix: "/v0.1",
  assertError: assertBitriseError,
  denied: [403, 404],
  dialect: "bitrise",
  event: "build/finished",
  /** Where the hooks of the test are: `app` is named in paths, too. */
  places: async (server, token) => {
    const { slug } = await server.must("POST", "/apps", { owner: "acme", repo_url: "https://github.com/acme/rocket.git" }, { token });
    return { hook: `/apps/${slug}`, orgHook: `/apps/${slug}`, ids: { app: slug } };
  },
  idOf: ({ uid }) => ulid(BigInt(`0x${uid.replaceAll("-", "")}`)),
  /** An attempt's id has milliseconds since 2025 above its last twelve bits. */
  idOfDelivery: (id) => ulid((((BigInt(id) >> 12n) + 1_735_689_600_000n) << 80n) | (BigInt(id) & 0xfffn)),
  noIds: [...NO_IDS, "01D72ARNH4KR7KMW3DG3NBKXRK", "00000000-0000-0000-0000-000000000000", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ"],
  lists: ["/apps/{app}/outgoing-webhooks", "/apps", "/apps/{app}/builds", "/apps/{app}/build-requests", "/apps/{app}/branches", "/apps/{app}/outgoing-webhooks/{hook}/delivery-items"],
  queries: [...NO_PAGES, "limit=51", "next=x", "next=%00", `next=${"A".repeat(3_000)}`],
  endpoints: [
    ["POST", "/apps/{app}/builds", { strict: ["hook_info", "build_params"] }],
    ["POST", "/apps/{app}/bitrise.yml", { strict: [] }],
    ["POST", "/apps/{app}/register-webhook"],
    ["POST", "/apps/{app}/outgoing-webhooks", { strict: ["url", "events", "headers", "secret"] }],
    ["PUT", "/apps/{app}/outgoing-webhooks/{hook}", { strict: ["url", "events", "headers", "secret"] }],
    ["PATCH", "/apps/{app}/outgoing-webhooks/{hook}", { strict: ["url", "events", "headers", "secret"] }],
    ["DELETE", "/apps/{app}/outgoing-webhooks/{hook}"],
    ["POST", "/apps/{app}/outgoing-webhooks/{hook}/delivery-items/{delivery}/redeliver"],
  ],
  fits: { events: () => false, headers: (value) => isEmptyObject(value) },
  nullable: /^headers$/,
};

/** 128 bits as Bitrise writes them. */
function ulid(bits) {
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return Array.from({ length: 26 }, (_, at) => digits[Number((bits >> BigInt(5 * (25 - at))) & 31n)]).join("");
}

const bitriseHook = () => ({ url: DEAD_END, events: ["build"] });
const cloudHook = () => ({ url: DEAD_END, events: ["repo:push"] });
const dataCenterHook = () => ({ name: "n", url: DEAD_END, events: ["pr:opened"] });

/** Bodies that are right, so that one wrong member can be put in. */
export const RIGHT = {
  "POST /repos/acme/widgets/hooks": () => ({ config: { url: `${DEAD_END}/${crypto.randomUUID()}` } }),
  "POST /orgs/acme/hooks": () => ({ config: { url: `${DEAD_END}/${crypto.randomUUID()}` } }),
  "POST /orgs/acme/repos": () => ({ name: `r-${crypto.randomUUID()}` }),
  "POST /user/repos": () => ({ name: `r-${crypto.randomUUID()}` }),
  "POST /users": () => ({ login: `u-${crypto.randomUUID()}` }),
  "POST /orgs": () => ({ login: `o-${crypto.randomUUID()}` }),
  "POST /repos": () => ({ owner: "acme", name: `r-${crypto.randomUUID()}` }),
  "PUT /orgs/acme/members/bob": () => ({ role: "member" }),
  "PUT /repos/acme/widgets/collaborators/bob": () => ({ permission: "read" }),
  "POST /oauth-apps": () => ({ owner: "acme", name: "Ferry" }),
  "POST /tokens": () => ({ scopes: ["repo"] }),
  "POST /builds/claim": () => ({ executor: "worker" }),
  "POST /repositories/acme/widgets/hooks": cloudHook,
  "POST /workspaces/acme/hooks": cloudHook,
  "POST /projects/ACME/repos/widgets/webhooks": dataCenterHook,
  "PUT /projects/ACME/repos/widgets/webhooks/{hook}": dataCenterHook,
  "POST /projects/ACME/webhooks": dataCenterHook,
  "PUT /projects/ACME/webhooks/{orgHook}": dataCenterHook,
  "POST /apps/{app}/builds": () => ({ hook_info: { type: "bitrise" }, build_params: { branch: "main", workflow_id: "primary" } }),
  "POST /apps/{app}/bitrise.yml": () => ({ app_config_datastore_yaml: "format_version: '11'\nworkflows:\n  primary: {}\n" }),
  "POST /apps/{app}/outgoing-webhooks": bitriseHook,
  "PUT /apps/{app}/outgoing-webhooks/{hook}": bitriseHook,
  "PATCH /apps/{app}/outgoing-webhooks/{hook}": bitriseHook,
  "POST /hooks": () => ({ scope: "/repos/acme/widgets", dialect: "github", url: `${DEAD_END}/${crypto.randomUUID()}` }),
};
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isEmptyObject = (value) => isObject(value) && Object.keys(value).length === 0;

/** Values that are right for a member after all. */
export const FITS = {
  events: (value) => Array.isArray(value) && value.length === 0,
  add_events: (value) => Array.isArray(value) && value.length === 0,
  remove_events: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
  scopes: (value) => Array.isArray(value) && value.length === 0,
  active: (value) => typeof value === "boolean",
  private: (value) => typeof value === "boolean",
  device_flow: (value) => typeof value === "boolean",
  redirect_uris: (value) => Array.isArray(value) && value.length === 0,
  site_admin: (value) => typeof value === "boolean",
  insecure_ssl: (value) => typeof value === "boolean",
  config: isEmptyObject,
  secret: (value) => typeof value === "string",
  expires_in: (value) => Number.isInteger(value) && value > 0,
  timeout: (value) => Number.isInteger(value) && value > 0,
  retries: (value) => Array.isArray(value) && value.length === 0,
  skip_cert_verification: (value) => typeof value === "boolean",
  history_enabled: (value) => typeof value === "boolean",
  sslVerificationRequired: (value) => typeof value === "boolean",
  credentials: isObject,
  configuration: isEmptyObject,
  executor: (value) => value === "x",
  name: (value) => value === "x",
  login: (value) => value === "x",
};
/** Members for which null stands for absent. */
export const NULLABLE = /^(site_admin|private|expires_in|timeout|retries|events|content_type|active|secret|insecure_ssl|add_events|remove_events|redirect_uris|device_flow)$/;
