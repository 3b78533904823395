import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $, type ProcessPromise } from "zx";
import { type Client, connect, NoRuntime } from "../../runtime/control/client.ts";
import { type AgentKind, agentKind, type Isolation, isolation as isolations } from "../../runtime/protocol/kinds.ts";
import type { MachineLayer } from "../../runtime/protocol/layers.ts";
import { REPOSITORY } from "../../runtime/state/places.ts";
import { CANARY_ENVIRONMENT } from "../evidence/canary.ts";
import { keepFacts } from "../evidence/facts.ts";
import { atExit } from "../host/at-exit.ts";
import "../host/startup-files.ts";
import { removeNow } from "../host/remove-now.ts";
import { waitFor } from "../host/wait-for.ts";

export const PIWORK = join(REPOSITORY, "runtime/cli/piwork.mjs");

const UNSAFE_RUNTIME = join(REPOSITORY, "harness/runtimes/unsafe-runtime.ts");

/** A machine may take this long to boot on a loaded host, the first answer of KVM and an image included. */
const READY_DEADLINE_MS = 300_000;

/** The places of a runtime of our own: it shares only the image cache with the user's. */
export interface Sandbox {
  directory: string;
  state: string;
  workspace: string;
  logs: string;
  /** words that make the command line mean this runtime */
  words: string[];
  [Symbol.dispose](): void;
}

/** `logs` stay as evidence; everything else goes. */
export function makeSandbox(logs: string): Sandbox {
  const directory = mkdtempSync(join(tmpdir(), "piwork-suite-"));
  const state = join(directory, "state");
  const workspace = join(directory, "workspace");
  mkdirSync(workspace);
  mkdirSync(logs, { recursive: true });
  // A task may have made a tree that is too deep for rmSync.
  return sandboxIn({ directory, state, workspace, logs }, () => removeNow(directory));
}

/** The places of a runtime, which `remove` takes away when it is disposed of, or with this process. */
export function sandboxIn(
  places: Pick<Sandbox, "directory" | "state" | "workspace" | "logs">,
  remove: () => void,
): Sandbox {
  const forget = atExit(remove);
  return {
    ...places,
    words: ["--state", places.state, "--logs", places.logs],
    [Symbol.dispose]() {
      forget();
      remove();
    },
  };
}

type Process = NonNullable<ProcessPromise["child"]>;

/** One `piwork up` that a suite started, and a client of it. */
export class RunningRuntime implements AsyncDisposable {
  readonly process: Process;
  readonly client: Client;
  readonly exited: Promise<number | null>;
  readonly #output: () => string;

  private constructor(child: Process, client: Client, exited: Promise<number | null>, output: () => string) {
    this.process = child;
    this.client = client;
    this.exited = exited;
    this.#output = output;
  }

  /**
   * Starts a runtime and waits until it is ready for tasks. An unsafe one lets the harness act as its machine's root, and can do
   * without some of the walls around QEMU.
   */
  static async start(
    sandbox: Sandbox,
    {
      environment = {},
      words = [],
      unsafe = false,
      panel = false,
      isolation = ISOLATION,
      agent = AGENT,
      enter = [],
    }: {
      environment?: NodeJS.ProcessEnv;
      /** further words for `piwork up` */
      words?: readonly string[];
      unsafe?: boolean | { without: readonly MachineLayer[] };
      /** with the page for people */
      panel?: boolean;
      isolation?: Isolation;
      agent?: AgentKind;
      /** words before those of the program, which lead it elsewhere */
      enter?: readonly string[];
    } = {},
  ): Promise<RunningRuntime> {
    const without = typeof unsafe === "object" ? unsafe.without : [];
    const up = ["up", ...(panel ? [] : ["--headless"]), "--isolation", isolation, "--workspace", sandbox.workspace];
    const { state, logs, workspace } = sandbox;
    const page = panel ? "panel" : "headless";
    const program = unsafe
      ? ["--import", "tsx", UNSAFE_RUNTIME, isolation, state, logs, workspace, page, agent, ...without]
      : [PIWORK, ...sandbox.words, ...up, ...(agent === "pi" ? PI_WORDS : []), ...words];
    const running = $({
      stdio: ["ignore", "pipe", "pipe"],
      cwd: REPOSITORY,
      env: { ...process.env, ...CANARY_ENVIRONMENT, ...environment },
      nothrow: true,
      quiet: true,
    })`exec ${enter} ${process.execPath} ${program}`;
    let output = "";
    for (const stream of [running.stdout, running.stderr])
      stream.on("data", (data: Buffer) => (output += data.toString()));
    let code: number | null | undefined;
    const exited = running.exitCode;
    void exited.then((ended) => {
      code = ended;
    });
    const forget = atExit(() => running.child?.kill("SIGKILL"));
    void exited.then(forget);
    const client = await waitFor("a runtime that can open tasks", READY_DEADLINE_MS, async () => {
      if (code !== undefined) throw new Error(`piwork up ended with code ${code}:\n${output}`);
      const attached = await connectIfRunning(sandbox.state);
      const status = await attached?.call("status", {});
      if (status?.starting !== null) return undefined;
      keepFacts(sandbox.logs, status);
      return attached;
    });
    return new RunningRuntime(running.child as Process, client, exited, () => output);
  }

  /** Everything it printed so far. */
  get output(): string {
    return this.#output();
  }

  /** Process id of the QEMU of a task. Where none is named: of the active one, and where that has none, of any. */
  async qemuPid(task?: string): Promise<number> {
    const { machines, activeTask } = await this.client.call("status", {});
    const present = machines.filter(({ state }) => state !== "ended");
    const found = present.find((machine) => machine.task === (task ?? activeTask));
    const pid = (found ?? (task === undefined || ISOLATION === "shared" ? present[0] : undefined))?.pid;
    if (pid === undefined || pid === null) throw new Error("no machine runs");
    return pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGTERM");
    await this.exited;
  }
}

/** How the runtimes of the suites keep tasks apart, where a check does not say so itself. */
export const ISOLATION: Isolation = isolations.parse(process.env["PIWORK_SUITE_ISOLATION"] ?? "vm");

/** The agent of their tasks, likewise. */
export const AGENT: AgentKind = agentKind.parse(process.env["PIWORK_SUITE_AGENT"] ?? "probe");

/** A model with which pi takes the words that suites say to the probe. */
export const SUITE_MODEL = "scripted/scripted-parrot";
const PI_WORDS = ["--agent", "pi", "--provider", SUITE_MODEL];

export async function connectIfRunning(state: string | undefined): Promise<Client | undefined> {
  try {
    return await connect({ state });
  } catch (error) {
    if (error instanceof NoRuntime) return undefined;
    throw error;
  }
}

/** What a finished command printed and how it ended. */
export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the `piwork` command as a user would. */
export async function piwork(
  words: string[],
  { cwd = process.cwd(), input, ...options }: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Finished> {
  const env = { ...process.env, ...options.env };
  const running = $({ cwd, env, nothrow: true, quiet: true })`${process.execPath} ${PIWORK} ${words}`;
  running.stdin.on("error", () => {}); // it has ended before it read, and its code says so
  running.stdin.end(input);
  const { exitCode, stdout, stderr } = await running;
  return { code: exitCode, stdout, stderr };
}
