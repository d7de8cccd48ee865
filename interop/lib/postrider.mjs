// Runs the postrider binary for a test: serve, kill, restart, command line, and its own API.
import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { PATIENCE, within } from "./wait.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
/** How much of the server's last log is kept, to find the ready line and to report a failure, in characters. */
const LOG_KEPT = 10_000;
/** The server waits for receivers as long as it can be told to: here they are slow because the machine is. */
const PATIENT = { POSTRIDER_DELIVERY__TIMEOUT: "30", POSTRIDER_BITBUCKET_DC__TIMEOUT__READ: "30" };

let binary;

/** The binary under test: `POSTRIDER_BIN`, or a debug build made now. */
export function postriderBinary() {
  binary ??= process.env.POSTRIDER_BIN ?? build();
  return binary;
}

function build() {
  const messages = execFileSync("cargo", ["build", "--quiet", "-p", "postrider", "--message-format=json"], {
    cwd: ROOT,
    maxBuffer: 64 << 20,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const built = messages.toString().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return built.find((message) => message.executable && message.target.name === "postrider").executable;
}

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** Stands in for the `t` of a single test where all tests of a `describe` share a server. */
export function forSuite() {
  const undo = [];
  after(async () => {
    for (const step of undo.reverse()) await step();
  });
  return { after: (step) => undo.push(step) };
}

/** A directory that goes away with the test. */
export function scratch(t) {
  const path = mkdtempSync(join(tmpdir(), "postrider-interop-"));
  t.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

/** One server with its own data directory, on loopback. */
export class Postrider {
  /** Starts a server that ends with the test `t`. `flags` are added to `serve`, `env` to its environment. */
  static async start(t, { flags = [], env = {} } = {}) {
    const dir = mkdtempSync(join(tmpdir(), "postrider-interop-"));
    const server = new Postrider(join(dir, "data"), flags, env);
    t.after(async () => {
      await server.kill();
      rmSync(dir, { recursive: true, force: true });
    });
    await server.up();
    return server;
  }

  constructor(data, flags = [], env = {}) {
    this.data = data;
    this.flags = flags;
    this.env = env;
    this.listen = "127.0.0.1:0";
    this.log = "";
  }

  /** Starts the process and waits for its ready line. Later starts take the same port. */
  async up() {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      try {
        return await this.launch();
      } catch (error) {
        // Between two lives of a server its port is anybody's, and may be lent to another test for a while.
        if (!/Address already in use/.test(this.log) || performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  async launch() {
    const flags = ["--listen", this.listen, "--data-dir", this.data, "--egress-allow", "loopback", ...this.flags];
    const child = spawn(postriderBinary(), ["serve", ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...cleanEnvironment(), ...PATIENT, ...this.env },
    });
    running.add(child);
    this.child = child;
    this.exited = new Promise((resolve) => {
      child.on("exit", (code, signal) => {
        running.delete(child);
        resolve({ code, signal });
      });
    });
    this.log = "";
    const ready = new Promise((resolve) => {
      const read = (chunk) => {
        this.log = (this.log + chunk).slice(-LOG_KEPT);
        const found = /listening on (http:\/\/\S+)/.exec(this.log);
        if (found) resolve(found[1]);
      };
      child.stdout.setEncoding("utf8").on("data", read);
      child.stderr.setEncoding("utf8").on("data", read);
    });
    const dead = this.exited.then(({ code, signal }) => {
      throw new Error(`postrider ended before it was ready (${code ?? signal}):\n${this.log}`);
    });
    dead.catch(() => {});
    this.url = await within(() => `the ready line; the log so far:\n${this.log}`, Promise.race([ready, dead]));
    this.listen = new URL(this.url).host;
    this.admin ??= readFileSync(join(this.data, "admin.token"), "utf8").trim();
    return this;
  }

  /** Ends the process at once, or as `signal` says, and waits until it is gone. */
  async kill(signal = "SIGKILL") {
    this.child?.kill(signal);
    return within("the end of the server", this.exited);
  }

  /** Runs a command of the command line tool; rejects on an exit code other than 0. */
  cli(...args) {
    return this.cliAs(this.admin, ...args);
  }

  /** The same with another token. Resolves to standard output without the last newline. */
  cliAs(token, ...args) {
    const env = { ...cleanEnvironment(), ...this.env, POSTRIDER_SERVER: this.url, POSTRIDER_TOKEN: token };
    return new Promise((resolve, reject) => {
      execFile(postriderBinary(), args, { env, timeout: PATIENCE, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
        if (!error) return resolve(stdout.trimEnd());
        reject(Object.assign(new Error(`postrider ${args.join(" ")}: exit ${error.code}\n${stderr}`), { stderr, code: error.code }));
      });
    });
  }

  /** A call of /api/v1; the answer's status and parsed body. */
  async v1(method, path, body, { token = this.admin, headers = {} } = {}) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      body: body === undefined ? undefined : typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text), headers: response.headers };
  }

  /** The same, for calls that must succeed: the body alone. */
  async must(method, path, body, options) {
    const answer = await this.v1(method, path, body, options);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Publishes one CloudEvent in binary mode. `data` goes out as it is if it is text or bytes. */
  async publish(type, source, data, { id = crypto.randomUUID(), token } = {}) {
    const headers = { "ce-specversion": "1.0", "ce-id": id, "ce-source": source, "ce-type": type };
    return this.must("POST", "/events", data, { headers, token });
  }
}

/** The environment without settings that would reach the server or git from outside the test. */
export function cleanEnvironment() {
  const foreign = /^(POSTRIDER_|GIT_)|^(HTTPS?_PROXY|ALL_PROXY)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
