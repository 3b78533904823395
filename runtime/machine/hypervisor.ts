import type { Duplex, Readable, Writable } from "node:stream";
import { execa } from "execa";
import { whatForbidsUserNamespaces } from "../linux/user-namespaces.ts";
import type { Accelerator } from "./arguments.ts";
import { behindGate, confine, fileModes, unconfined } from "./confinement.ts";
import type { MachinePaths, Walls } from "./walls.ts";

export const QEMU = "/usr/bin/qemu-system-x86_64";

/** Bytes of QEMU's own words kept for an error message. */
const WORDS = 2_000;

/** Standard output and error, and the descriptors of its walls. */
const PIPES = ["pipe", "pipe", "pipe", "pipe", "pipe"] as const;

/** One QEMU process. It dies with this process. */
export interface Hypervisor {
  /** by the clock of performance.now() */
  readonly spawnedAt: number;
  /** process id on the host; undefined until the walls stand */
  readonly pid: number | undefined;
  readonly console: Readable;
  /** Resolves with how it ended; never rejects. */
  readonly ended: Promise<{ code: number | undefined; words: string }>;
  kill(): void;
}

/** Where QEMU is started, and with what. */
export interface Start {
  /** a command line that runs another one where the paths are as they were given */
  prefix?: readonly string[];
  /** descriptors that it has from number 6 on */
  inherited?: readonly number[];
}

/** Starts a command behind the walls of QEMU, which it is unless somebody tries them. Its words have the paths that it sees there. */
export function spawnHypervisor(
  paths: MachinePaths,
  accelerator: Accelerator,
  command: readonly string[],
  walls: Walls,
  { prefix = [], inherited = [] }: Start = {},
): Hypervisor {
  const spawnedAt = performance.now();
  const inner = behindGate(command, walls.without);
  const outer = walls.unconfined
    ? ["setpriv", ...unconfined(inner)]
    : ["bwrap", ...confine(paths, accelerator, inner, walls.without)];
  const [program = "", ...programWords] = [...prefix, ...outer];
  const child = execa(program, programWords, {
    // The library takes descriptors there; its types do not say so.
    stdio: ["ignore", ...PIPES, ...(inherited as readonly never[])],
    buffer: false,
    reject: false,
    cleanup: true,
    extendEnv: false,
    // A Ctrl-C in the terminal is for the runtime, which then shuts its machines down in order.
    detached: true,
    env: { PATH: "/usr/bin:/bin" },
  });
  type Streams = [null, Readable, Readable, Readable, Duplex, Writable];
  const [, console, errors, status, gate, filter] = child.stdio as unknown as Streams;
  filter.on("error", () => {}); // nobody reads it, and `ended` says why
  filter.end(fileModes());
  let words = "";
  errors.on("data", (data: Buffer) => {
    words = (words + data.toString("utf8")).slice(-WORDS);
  });
  // Without bubblewrap each program becomes the next, and the last is QEMU.
  let pid = walls.unconfined ? child.pid : undefined;
  let ready = false;
  const openGate = () => {
    if (pid !== undefined && ready && !gate.destroyed) gate.end("go\n");
  };
  status.on("data", (data: Buffer) => {
    pid ??= Number(/"child-pid": *(\d+)/.exec(data.toString())?.[1]) || undefined;
    openGate();
  });
  gate.on("data", () => {
    ready = true;
    openGate();
  });
  gate.on("error", () => {}); // it ended before the gate was opened; `ended` says so
  const ended = child.then((result) => ({
    code: result.exitCode,
    words: words.trim() || (result.cause instanceof Error ? result.cause.message : ""),
  }));
  return {
    spawnedAt,
    get pid() {
      return pid;
    },
    console,
    ended,
    kill() {
      gate.destroy();
      child.kill("SIGKILL");
    },
  };
}

/** Whether bubblewrap refused, and QEMU was not even started. */
export function wallsFailed(end: { words: string }): boolean {
  return /^bwrap: /.test(lastWords(end));
}

/** A sentence for a QEMU that ended without being asked to; bubblewrap's words mean that the walls could not be built. */
export function explainEnd(end: { code: number | undefined; words: string }, lastLine: string): string {
  const words = lastWords(end);
  const forbidden = whatForbidsUserNamespaces();
  if (wallsFailed(end))
    return `The walls around QEMU could not be built, so no machine was started (${words}). This host must allow user namespaces${forbidden === "" ? "" : `: ${forbidden}`}; see 'piwork doctor'. 'piwork up --unconfined-qemu', as an ordinary user, does without these walls: whoever breaks out of the machine then has all that this user has, files and network.`;
  const supervisor = /piwork: taskd ended (\d+)/.exec(lastLine)?.[1];
  if (supervisor !== undefined) return `taskd, the supervisor in the machine, ended with code ${supervisor}.`;
  const how =
    end.code !== undefined && end.code > 128
      ? `was killed by signal ${end.code - 128}`
      : `ended with code ${end.code ?? "unknown"}`;
  return `QEMU ${how}${words === "" ? "" : ` (${words})`}; the last thing on the machine's console was: ${lastLine}`;
}

function lastWords(end: { words: string }): string {
  return end.words.split("\n").at(-1) ?? "";
}
