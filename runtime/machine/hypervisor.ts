import type { Duplex, Readable } from "node:stream";
import { execa } from "execa";
import type { Accelerator } from "./arguments.ts";
import { type ConfinedPaths, confine } from "./confinement.ts";

export const QEMU = "/usr/bin/qemu-system-x86_64";

/** Bytes of QEMU's own words kept for an error message. */
const WORDS = 2_000;

/**
 * Bubblewrap ties both its processes to the life of their parent, each at a moment of its own. QEMU is let in only after
 * both have done so: the outer one reports a pid then, the inner one runs this. If this program dies before, the gate's end
 * closes and the inner one goes. Without it a kill at the wrong moment would leave a QEMU without a parent.
 */
const GATE = 'echo ready >&4 && read -r go <&4 && [ "$go" = go ] && exec "$@" 4>&-';

/** One QEMU process behind its walls. It dies with this process. */
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

export function spawnHypervisor(
  paths: ConfinedPaths,
  accelerator: Accelerator,
  qemuWords: readonly string[],
): Hypervisor {
  const spawnedAt = performance.now();
  const child = execa("bwrap", confine(paths, accelerator, ["sh", "-c", GATE, "gate", QEMU, ...qemuWords]), {
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
    buffer: false,
    reject: false,
    cleanup: true,
    extendEnv: false,
    // A Ctrl-C in the terminal is for the runtime, which then shuts its machines down in order.
    detached: true,
    env: { PATH: "/usr/bin:/bin" },
  });
  const [, console, errors, status, gate] = child.stdio as unknown as [null, Readable, Readable, Readable, Duplex];
  let words = "";
  errors.on("data", (data: Buffer) => {
    words = (words + data.toString("utf8")).slice(-WORDS);
  });
  let pid: number | undefined;
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

/** A sentence for a QEMU that ended without being asked to; bubblewrap's words mean that the walls could not be built. */
export function explainEnd(end: { code: number | undefined; words: string }, lastLine: string): string {
  const words = end.words.split("\n").at(-1) ?? "";
  if (/^bwrap: /.test(words))
    return `The walls around QEMU could not be built, so no machine was started (${words}). This host must allow user namespaces: see 'piwork doctor'.`;
  const supervisor = /piwork: taskd ended (\d+)/.exec(lastLine)?.[1];
  if (supervisor !== undefined) return `taskd, the supervisor in the machine, ended with code ${supervisor}.`;
  const how =
    end.code !== undefined && end.code > 128
      ? `was killed by signal ${end.code - 128}`
      : `ended with code ${end.code ?? "unknown"}`;
  return `QEMU ${how}${words === "" ? "" : ` (${words})`}; the last thing on the machine's console was: ${lastLine}`;
}
