// Checks payloads of Data Center against the types that @coderabbitai/bitbucket gives its receivers of webhooks.
//   node interop/schemas/typed.mjs DIRECTORY...
// Every *.json file in the directories is a payload; the event is its eventKey. Payloads with ISO dates (*.iso.json) are left
// out, as the types are of the older dialect, and so are events that the types do not have.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isEventKey } from "@coderabbitai/bitbucket/server";

/** Another name of an event that the types do have. */
const SAME = { "pr:reviewer:needs_work": "pr:reviewer:changes_requested" };
/** What the recorded payloads of the vendor lack or have otherwise, too: the types follow single examples. */
const PRELUDE = `import type { Event } from "@coderabbitai/bitbucket/server";
type Optional = "emailAddress" | "permittedOperations" | "previousDescription" | "public" | "threadResolvedDate" | "threadResolver";
type Loose<T> = T extends readonly (infer U)[] ? Loose<U>[] : T extends object
  ? { [K in keyof T as K extends "links" | "eventKey" | Optional ? never : K]: Loose<T[K]> } & { [K in keyof T as K extends Optional ? K : never]?: Loose<T[K]> }
  : T;
type Mutable<T> = T extends readonly (infer U)[] ? Mutable<U>[] : T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
declare function literal<const T>(value: T): Mutable<T>;
type Payload<K> = Extract<Event, { eventKey: K }>;
// Its type gives this one's actor eight members that no other has, among them an address that is always null.
declare function take(payload: Loose<Omit<Payload<"repo:secret_detected">, "actor">>, key: "repo:secret_detected"): void;
declare function take<K extends Event["eventKey"]>(payload: Loose<Payload<K>>, key: K): void;
`;
const OPTIONS = { module: "nodenext", moduleResolution: "nodenext", target: "es2022", strict: true, noEmit: true, skipLibCheck: true, types: [] };

const names = process.argv.slice(2).flatMap((directory) => readdirSync(directory).map((file) => join(directory, file)));
const payloads = names
  .filter((name) => name.endsWith(".json") && !name.endsWith(".iso.json"))
  .map((name) => ({ name, payload: JSON.parse(readFileSync(name, "utf8")) }))
  .map(({ name, payload }) => ({ name, payload, key: SAME[payload.eventKey] ?? payload.eventKey }))
  .filter(({ key }) => isEventKey(key));

const source = [PRELUDE];
const lines = new Map();
const add = (name, text) => {
  source.push(text);
  lines.set(source.join("\n").split("\n").length, name);
};
for (const [n, { name, payload, key }] of payloads.entries()) {
  const text = JSON.stringify(payload);
  add(name, `const v${n} = literal(${text}); take(v${n}, "${key}");`);
  // That the compiler refuses it with a member of another type shows that it looks.
  add(name, `const x${n} = literal(${JSON.stringify({ ...payload, date: 7 })});\n// @ts-expect-error: a date that is none\ntake(x${n}, "${key}");`);
}

const directory = mkdtempSync(join(tmpdir(), "postrider-typed-"));
try {
  const types = fileURLToPath(new URL("../node_modules/@coderabbitai/bitbucket/dist/server/index.d.ts", import.meta.url));
  const paths = { "@coderabbitai/bitbucket/server": [types] };
  writeFileSync(join(directory, "payloads.mts"), source.join("\n"));
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...OPTIONS, paths }, files: ["payloads.mts"] }));
  const tsc = fileURLToPath(new URL("../node_modules/.bin/tsc", import.meta.url));
  const { stdout, error } = spawnSync(tsc, ["-p", directory, "--pretty", "false"], { encoding: "utf8", maxBuffer: 64 << 20 });
  if (error) throw error;
  const faults = new Map();
  let current;
  for (const line of stdout.split("\n").filter(Boolean)) {
    const found = /payloads\.mts\((\d+),/.exec(line);
    if (found) current = lines.get(Number(found[1])) ?? line;
    else if (!line.startsWith(" ")) current = "the compiler";
    faults.set(current, [...(faults.get(current) ?? []), line.trim().slice(0, 300)]);
  }
  for (const [name, texts] of faults) console.error(`${name}:\n  ${texts.slice(-3).join("\n  ")}`);
  console.log(`${payloads.length} payloads checked, ${faults.size} not valid`);
  process.exitCode = faults.size > 0 || payloads.length === 0 ? 1 : 0;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
