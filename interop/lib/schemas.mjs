// GitHub's payload schemas, as @octokit/webhooks-schemas publishes them.
import { createRequire } from "node:module";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const schema = createRequire(import.meta.url)("@octokit/webhooks-schemas");
const ajv = new Ajv({ strict: false, allErrors: true, inlineRefs: false });
addFormats(ajv);
ajv.addSchema(schema, "github");
// Compiles them all, which takes seconds of this process. Later they would be those in which a receiver owes an answer.
ajv.getSchema("github#/definitions/ping_event");

/** Throws, naming each fault, unless `payload` is a `name` event as GitHub would send it. */
export function assertSchema(name, payload) {
  const [definition] = [`${name}$${payload.action}`, `${name}$event`, `${name}_event`].filter((key) => key in schema.definitions);
  if (!definition) throw new Error(`the schemas have no event ${name}`);
  const check = ajv.getSchema(`github#/definitions/${definition.replaceAll("$", "%24")}`);
  if (!check(payload)) {
    throw new Error(`${definition}: ${faults(check.errors)}`);
  }
}

function faults(errors) {
  return errors.map(({ instancePath, message, params }) => `${instancePath || "/"} ${message} ${JSON.stringify(params)}`).join("\n  ");
}
