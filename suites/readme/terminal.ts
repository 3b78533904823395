import { join } from "node:path";
import { $, type ProcessPromise } from "zx";
import { withDeadline } from "../../harness/checks/checks.ts";
import { CANARY_ENVIRONMENT } from "../../harness/evidence/canary.ts";
import { keepFacts } from "../../harness/evidence/facts.ts";
import { atExit } from "../../harness/host/at-exit.ts";
import { signalGroup } from "../../harness/host/processes.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { connectIfRunning, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { makeCheckout } from "./checkout.ts";

/** A command that takes this long hangs; alone, none of a page takes more than some seconds. */
const DEADLINE = { timeout: "120s", timeoutSignal: "SIGKILL" } as const;
const READY_DEADLINE_MS = 150_000;
const END_DEADLINE_MS = 60_000;
/** What a runtime prints when it is ready is on its way by then. */
const PRINTED_AFTER_READY_MS = 3_000;

/** What a command printed, on both streams in their order, and its exit code; null where it still runs. */
export interface Printed {
  code: number | null;
  output: string;
}

/**
 * A user's terminals in a checkout of their own: one for commands, and another one for the runtime. Commands find that
 * runtime by XDG_STATE_HOME, as they find any.
 */
export class Terminal implements AsyncDisposable {
  readonly #checkout: string;
  readonly #logs: string;
  readonly #state: string;
  #runtime: ProcessPromise | undefined;

  private constructor(checkout: string, logs: string, state: string) {
    this.#checkout = checkout;
    this.#logs = logs;
    this.#state = state;
  }

  static async open({ directory }: Sandbox, logs: string): Promise<Terminal> {
    const checkout = join(directory, "piwork");
    await makeCheckout(checkout, logs);
    return new Terminal(checkout, logs, join(directory, "state-home"));
  }

  /** Runs a command to its end. */
  async run(command: string): Promise<Printed> {
    const { exitCode, stdout } = await this.#shell(command, DEADLINE);
    return { code: exitCode, output: stdout };
  }

  /** Runs the runtime in the second terminal, and goes on once it has printed enough, or was ready for long enough to have. */
  async start(command: string, isEnough: (output: string) => boolean): Promise<Printed> {
    if (this.#runtime !== undefined)
      throw new Error("a page can start one runtime; start the next on a page of its own");
    let output = "";
    // Its processes are a group of their own, as those of a terminal are.
    const started = this.#shell(command, { detached: true });
    this.#runtime = started;
    let code: number | null = null;
    void started.then(({ exitCode }) => {
      code = exitCode;
    });
    started.stdout.on("data", (data: Buffer) => {
      output += data.toString();
    });
    const forget = atExit(() => signalGroup(started.pid, "SIGKILL"));
    void started.finally(forget);
    let readySince: number | undefined;
    await waitFor(`the output of '${command}'`, READY_DEADLINE_MS, async () => {
      if (code !== null || isEnough(output)) return true;
      readySince ??= (await this.#isReady()) ? performance.now() : undefined;
      return readySince !== undefined && performance.now() - readySince > PRINTED_AFTER_READY_MS ? true : undefined;
    });
    await this.#isReady();
    return { code, output };
  }

  /** Ends a runtime that the page left running, as Ctrl-C would. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#runtime === undefined) return;
    signalGroup(this.#runtime.pid, "SIGINT");
    await withDeadline(this.#runtime, END_DEADLINE_MS);
  }

  async #isReady(): Promise<boolean> {
    const client = await connectIfRunning(join(this.#state, "piwork"));
    const status = await client?.call("status", {});
    if (status?.starting !== null) return false;
    keepFacts(this.#logs, status);
    return true;
  }

  #shell(command: string, options: { detached: true } | { timeout: "120s"; timeoutSignal: "SIGKILL" }): ProcessPromise {
    return $({
      cwd: this.#checkout,
      env: environmentOfUser(this.#state),
      stdio: ["ignore", "pipe", "pipe"],
      nothrow: true,
      quiet: true,
      ...options,
    })`bash -c ${`exec 2>&1\n${command}`}`;
  }
}

/** This process's environment, without what npm told it of this checkout: with that, npx would run the program of this one. */
function environmentOfUser(state: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|PIWORK_|INIT_CWD$|NODE_OPTIONS$)/i.test(name));
  const path = (process.env["PATH"] ?? "").split(":").filter((directory) => !directory.includes("node_modules"));
  return {
    ...Object.fromEntries(own),
    ...CANARY_ENVIRONMENT,
    PATH: path.join(":"),
    XDG_STATE_HOME: state,
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    // Settings of the person who runs the suite change what npm prints.
    npm_config_userconfig: join(state, "no-npmrc"),
    npm_config_update_notifier: "false",
  };
}
