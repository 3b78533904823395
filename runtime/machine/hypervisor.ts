import type { Readable } from "node:stream";
import { execa } from "execa";
import { PiworkError } from "../protocol/errors.ts";
import type { Accelerator } from "./arguments.ts";
import { type ConfinedPaths, confine } from "./confinement.ts";

export const QEMU = "/usr/bin/qemu-system-x86_64";

/** Bytes of QEMU's own words kept for an error message. */
const WORDS = 2_000;

/** One QEMU process behind its walls. It dies with this process, and with its last reference. */
export interface Hypervisor {
  /** process id on the host; undefined until the walls stand */
  readonly pid: number | undefined;
  readonly console: Readable;
  /** Resolves with how it ended; never rejects. */
  readonly ended: Promise<{ code: number | undefined; words: string }>;
  kill(): void;
}

export function spawnHypervisor(
  paths: ConfinedPaths,
  accelerator: Accelerator,
  qemuWords: readonly string[],
): Hypervisor {
  const child = execa("bwrap", confine(paths, accelerator, [QEMU, ...qemuWords]), {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    buffer: false,
    reject: false,
    // A Ctrl-C in the terminal is for the runtime, which then shuts its machines down in order.
    detached: true,
    cleanup: true,
    extendEnv: false,
    env: { PATH: "/usr/bin:/bin" },
  });
  let words = "";
  child.stderr?.on("data", (data: Buffer) => {
    words = (words + data.toString("utf8")).slice(-WORDS);
  });
  let pid: number | undefined;
  (child.stdio[3] as Readable).on("data", (data: Buffer) => {
    pid ??= Number(/"child-pid": *(\d+)/.exec(data.toString())?.[1]) || undefined;
  });
  const console = child.stdout as Readable;
  return {
    get pid() {
      return pid;
    },
    console,
    ended: child.then((result) => ({
      code: result.exitCode,
      words: words.trim() || (result.cause instanceof Error ? result.cause.message : ""),
    })),
    kill: () => void child.kill("SIGKILL"),
  };
}

/** A sentence for a QEMU that ended on its own; bubblewrap's words mean that the walls could not be built. */
export function explainEnd(end: { code: number | undefined; words: string }, lastLine: string): PiworkError {
  const words = end.words.split("\n").at(-1) ?? "";
  const why = /^bwrap: /.test(words)
    ? `The walls around QEMU could not be built, so no machine was started (${words}). This host must allow user namespaces: see 'piwork doctor'.`
    : `QEMU ended with code ${end.code ?? "unknown"}${words === "" ? "" : ` (${words})`}; the last thing on the machine's console was: ${lastLine}`;
  return new PiworkError("TASK_BOOTSTRAP_FAILED", why);
}
