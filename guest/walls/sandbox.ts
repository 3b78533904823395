import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import type { TaskLayer } from "../../runtime/protocol/layers.ts";
import { layerRefused } from "./group.ts";
import { type Confinement, FILTER_FD, GROUP_REFUSED, LIMITS_REFUSED, launchWords, STATUS_FD } from "./launch.ts";
import { childrenOf } from "./proc.ts";
import { taskSyscalls } from "./task-syscalls.ts";

/** What the harness does to a launch, in machines that are there to be attacked. */
export interface Sabotage {
  /** layers that are left out */
  without: readonly TaskLayer[];
  /** a descriptor that taskd leaves open, as a careless supervisor would */
  leak: number;
}

/** Number of a leaked descriptor in what was started. */
const LEAK_FD = 12;
const FILTER = taskSyscalls();

/** Time without a byte after which the output of a tree that has ended is over, in milliseconds. */
const QUIET_MS = 1_000;
/** So many looks later, whoever still writes is no process of the tree; nor is what exceeds what a socket can hold. */
const STRANGE_LOOKS = 5;
const LEFT_BYTES = 1024 * 1024;

/** A process tree that taskd started. */
export interface ProcessTree {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Its exit code, 128 + n for signal n. Rejects when it could not be started as it should; then nothing ran. */
  readonly ended: Promise<number>;
  kill(): void;
}

/** A process tree inside the walls. It ends as a whole: its first process is the init of a pid namespace of its own. */
export class Sandbox implements ProcessTree {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<number>;
  /** pid of the namespace's init, as the guest's root sees it; null while there is none */
  initPid: number | null = null;
  readonly #child: ChildProcess;
  #killed = false;

  constructor(confinement: Confinement, cwd: string, argv: readonly string[], sabotage?: Sabotage) {
    const [program = "", ...words] = launchWords(confinement, cwd, argv, sabotage?.without);
    const leaked = sabotage && [...Array(LEAK_FD - FILTER_FD - 1).fill("ignore"), sabotage.leak];
    this.#child = spawn(program, words, {
      stdio: ["pipe", "pipe", "pipe", "pipe", "pipe", ...(leaked ?? [])],
      cwd: "/",
      env: sabotage?.without.includes("environment") ? process.env : { PATH: "/usr/bin:/usr/sbin" },
    });
    const filter = this.#child.stdio[FILTER_FD] as Writable;
    filter.on("error", () => {}); // it ended before it had read the filter; `ended` says so
    filter.end(FILTER);
    this.stdin = this.#child.stdin as Writable;
    this.stdout = this.#child.stdout as Readable;
    this.stderr = this.#child.stderr as Readable;
    // Writing to a process that is gone fails; `ended` reports that it is gone.
    this.stdin.on("error", () => {});
    this.#child.once("exit", () => {
      this.initPid = null; // somebody else may have its number by now
      for (const stream of [this.stdout, this.stderr] as Socket[]) endWhenQuiet(stream);
    });
    this.ended = this.#watch(this.#child.stdio[STATUS_FD] as Readable);
    this.ended.catch(() => {});
  }

  async #watch(statusPipe: Readable): Promise<number> {
    let status = "";
    statusPipe.on("data", (data: Buffer) => {
      status += data.toString();
      const started = /"child-pid": *(\d+)/.exec(status);
      if (started === null || this.initPid !== null) return;
      this.initPid = Number(started[1]);
      if (this.#killed) this.kill();
    });
    await new Promise<void>((resolve, reject) => {
      this.#child.once("close", () => resolve());
      this.#child.once("error", (cause) =>
        reject(new PiworkError("TASK_BOOTSTRAP_FAILED", "bubblewrap could not be started in the machine.", { cause })),
      );
    });
    // bubblewrap writes an exit code only for a command that ran behind complete walls.
    const code = /"exit-code": *(\d+)/.exec(status)?.[1];
    if (code !== undefined) return Number(code);
    if (this.#killed) return 137;
    throw layerRefused(refusedLayer(this.#child.exitCode));
  }

  /** Its processes as long as its program starts no others: bubblewrap, its init, and the program once that has begun. */
  get ownProcesses(): number {
    if (this.initPid === null) return 0;
    try {
      return 2 + Math.min(1, childrenOf(this.initPid).length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0; // it has just ended
      throw error;
    }
  }

  /** Asks the processes that init started to end. */
  terminate(): void {
    if (this.initPid === null) return;
    try {
      for (const pid of childrenOf(this.initPid)) signal(pid, "SIGTERM");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // it has just ended
    }
  }

  /** Ends the whole tree: with its init, the kernel kills every process of the namespace, whatever it ignores or has detached. */
  kill(): void {
    this.#killed = true; // before init is known, it is killed as soon as it is
    if (this.initPid !== null) signal(this.initPid, "SIGKILL");
  }
}

/**
 * Ends a stream whose writers are gone once all that was written has been read. Somebody else may have been given the
 * other end, and would keep it open for ever, or go on writing.
 */
function endWhenQuiet(stream: Socket): void {
  const before = stream.bytesRead;
  let seen = before;
  let looks = 0;
  const look = setInterval(() => {
    if (stream.destroyed || stream.readableEnded) return clearInterval(look);
    looks++;
    const isRead = stream.readableLength === 0;
    const isQuiet = stream.bytesRead === seen;
    const isStrange = looks >= STRANGE_LOOKS && (isRead || stream.bytesRead - before > LEFT_BYTES);
    seen = stream.bytesRead;
    if (!(isQuiet && isRead) && !isStrange) return;
    clearInterval(look);
    stream.on("error", () => {}); // what a stranger says after the end
    stream.push(null);
    stream.once("end", () => stream.destroy());
  }, QUIET_MS);
}

/** Exit code of setpriv where the kernel refuses what it asks for. */
const SETPRIV_REFUSED = 127;

/** Which layer it was: the steps before bubblewrap say so, then the namespace that nobody may make any more; all else bubblewrap does to the view. */
function refusedLayer(exitCode: number | null): TaskLayer {
  if (exitCode === LIMITS_REFUSED) return "descriptors";
  if (exitCode === GROUP_REFUSED) return "processes";
  if (exitCode === SETPRIV_REFUSED) return "uid";
  const limit = (kind: string) => readFileSync(`/proc/sys/user/max_${kind}_namespaces`, "utf8").trim();
  const namespaces = ["pid", "ipc", "uts", "net", "user"] as const;
  return namespaces.find((kind) => limit(kind) === "0") ?? "view";
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
