// A git repository to push from, and the bare one it pushes to.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cleanEnvironment } from "./postrider.mjs";
import { PATIENCE } from "./wait.mjs";

const run = promisify(execFile);

/** Runs git in `cwd` as Alice, whom a server would have let in by name, without the machine's own configuration. */
export async function git(cwd, ...args) {
  const env = {
    ...cleanEnvironment(),
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "Alice Doe",
    GIT_AUTHOR_EMAIL: "alice@acme.test",
    GIT_COMMITTER_NAME: "Alice Doe",
    GIT_COMMITTER_EMAIL: "alice@acme.test",
    REMOTE_USER: "alice",
  };
  const { stdout } = await run("git", args, { cwd, env, timeout: PATIENCE });
  return stdout.trimEnd();
}

/** A bare repository and a working copy of it, both under `dir`. */
export class Checkout {
  static async create(dir) {
    const checkout = new Checkout(join(dir, "widgets.git"), join(dir, "work"));
    await git(dir, "init", "--quiet", "--bare", "--initial-branch=main", checkout.bare);
    await git(dir, "init", "--quiet", "--initial-branch=main", checkout.work);
    await checkout.git("remote", "add", "origin", checkout.bare);
    return checkout;
  }

  constructor(bare, work) {
    this.bare = bare;
    this.work = work;
    this.commits = 0;
  }

  git(...args) {
    return git(this.work, ...args);
  }

  /** Commits a change of `file`; returns the commit's id. */
  async commit(message, file = "notes.txt") {
    this.commits += 1;
    await writeFile(join(this.work, file), `${message} ${this.commits}\n`);
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "-m", message);
    return this.git("rev-parse", "HEAD");
  }

  push(...refs) {
    return this.git("push", "--quiet", "origin", ...refs);
  }
}
