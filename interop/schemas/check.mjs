// Validates rendered payloads against the published schemas of GitHub's webhooks.
//
//   node check.mjs [FOLDER …]      without one: the goldens of the GitHub dialect
//
// A file's event is the last part of its name that is not a number: `push.0.json` and `release.published.1.release.json`
// are a push and a release. First the published examples are validated, so that a broken set-up cannot look like success.
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const require = createRequire(import.meta.url);
const schema = require("@octokit/webhooks-schemas/schema.json");
const examples = require("@octokit/webhooks-examples/api.github.com/index.json");

// Some keywords of the schema are hints for type generators, which strict mode would refuse.
const ajv = new Ajv({ allErrors: true, strict: false });
addFormats(ajv);
ajv.addSchema(schema, "webhooks");

/** The definition for an event and its action, or undefined. */
function definition(event, payload) {
  const name = "action" in payload ? `${event}$${payload.action}` : `${event}$event`;
  return name in schema.definitions ? name : undefined;
}

/** Human-readable problems; none if the payload is valid. */
function problems(event, payload) {
  const name = definition(event, payload);
  if (!name) return [`no schema for ${event} ${payload.action ?? "without action"}`];
  const validate = ajv.getSchema(`webhooks#/definitions/${name.replaceAll("$", "%24")}`);
  if (validate(payload)) return [];
  // "oneOf" and "anyOf" repeat what their branches already said.
  const specific = validate.errors.filter((error) => !["oneOf", "anyOf", "allOf"].includes(error.keyword));
  return (specific.length > 0 ? specific : validate.errors).map((error) => {
    const extra = error.params.additionalProperty ?? error.params.missingProperty ?? error.params.allowedValues ?? "";
    const found = error.instancePath.split("/").slice(1).reduce((value, key) => value?.[key.replaceAll("~1", "/")], payload);
    const shown = JSON.stringify(found)?.slice(0, 80);
    return `${error.instancePath || "/"}: ${error.message} ${extra ? `(${extra})` : ""} but is ${shown}`;
  });
}

let control = 0;
for (const { name, examples: payloads } of examples) {
  for (const payload of payloads) {
    if (definition(name, payload) && problems(name, payload).length === 0) control += 1;
  }
}
if (control < 100) {
  console.error(`only ${control} published examples are valid: the checker itself is broken`);
  process.exit(2);
}
if (problems("push", { ref: 7 }).length === 0) {
  console.error("an invalid push passed: the checker itself is broken");
  process.exit(2);
}

const goldens = fileURLToPath(new URL("../../crates/dialects/src/github/fixtures", import.meta.url));
const folders = process.argv.length > 2 ? process.argv.slice(2) : [goldens];
let checked = 0;
let bad = 0;
for (const folder of folders) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json")).sort()) {
    const parts = file.replace(/\.json$/, "").split(".").filter((part) => !/^\d+$/.test(part));
    const event = parts.at(-1);
    const found = problems(event, JSON.parse(readFileSync(join(folder, file), "utf8")));
    checked += 1;
    if (found.length > 0) {
      bad += 1;
      console.error(`${file}\n  ${found.join("\n  ")}`);
    }
  }
}
console.log(`${checked} payloads checked, ${bad} not valid (${control} published examples valid)`);
process.exit(bad === 0 && checked > 0 ? 0 : 1);
