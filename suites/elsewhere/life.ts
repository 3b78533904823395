import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { waitFor, waitForEnd } from "../../harness/host/wait-for.ts";
import { type Ended, OrdinaryUser, processesOf } from "../../harness/runtimes/ordinary-user.ts";
import type { StatusView } from "../../runtime/api/status.ts";
import { findPlaces } from "../../runtime/state/places.ts";

/** A runtime may take this long to be ready where everything has to be booted. */
const READY_MS = 300_000;

/** A runtime of an ordinary user, used by its commands alone. */
export class Life {
  readonly #open: () => Promise<OrdinaryUser>;
  #user: OrdinaryUser | undefined;
  #up: Promise<Ended> | undefined;

  constructor(ownCheckout: boolean) {
    this.#open = () => OrdinaryUser.open({ ownCheckout });
  }

  get user(): OrdinaryUser {
    return this.#user ?? assert.fail("the user is not there");
  }

  at(path: string): string {
    return join(this.user.home, path);
  }

  /** Starts it by this command line, to which places of its own are added, and waits until it is ready. */
  async start(...up: string[]): Promise<void> {
    this.#user ??= await this.#open();
    await this.shell("mkdir -p ~/workspace/demo ~/workspace/later");
    let said = "";
    let ended: Ended | undefined;
    this.#up = this.user.run([...up, ...this.#places, "--workspace", this.at("workspace")], (text) => {
      said += text;
    });
    void this.#up.then((end) => {
      ended = end;
    });
    await waitFor("a runtime that is ready", READY_MS, () => {
      if (ended !== undefined) assert.fail(`it ended with code ${ended.code}:\n${ended.output}`);
      return said.includes("now, in another terminal") || undefined;
    });
  }

  /** Runs a `piwork` command that has to work, and gives what it printed. */
  async piwork(...words: string[]): Promise<string> {
    const { code, output } = await this.user.piwork(...this.#places, ...words);
    assert.equal(code, 0, `piwork ${words.join(" ")}: ${output}`);
    return output;
  }

  /** What the task that is active says to a prompt. */
  prompt(words: string): Promise<string> {
    return this.piwork("prompt", words);
  }

  /** Runs a script in the user's shell. */
  async shell(script: string): Promise<string> {
    const { code, output } = await this.user.run(["sh", "-c", script]);
    assert.equal(code, 0, output);
    return output;
  }

  async status(): Promise<StatusView> {
    return JSON.parse(await this.piwork("status", "--json"));
  }

  /** Ends it by `work`, and sees that nothing goes on. */
  async end(work: (status: StatusView) => unknown): Promise<Ended> {
    const status = await this.status();
    await work(status);
    const end = await (this.#up ?? assert.fail("nothing runs"));
    this.#up = undefined;
    for (const { pid, id } of status.machines) if (pid !== null) await waitForEnd(pid, id);
    // Who runs the suite has other processes.
    if (process.getuid?.() === 0) {
      const { uid } = this.user;
      await waitFor("the end of the user's last process", 10_000, () => processesOf(uid).length === 0 || undefined);
    }
    return end;
  }

  /** What is there of sockets; a runtime that was killed leaves some until the next start. */
  sockets(): string[] {
    const own = basename(findPlaces({ state: this.at("state") }).sockets);
    const directory = join("/tmp", `piwork-${this.user.uid}`, own);
    return readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".sock"));
  }

  async close(): Promise<void> {
    if (this.#up !== undefined) await this.user.piwork(...this.#places, "down");
    await this.#user?.[Symbol.asyncDispose]();
  }

  get #places(): string[] {
    return ["--state", this.at("state"), "--logs", this.at("logs")];
  }
}
