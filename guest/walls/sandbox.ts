import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { TASK_UID } from "../../runtime/protocol/rpc.ts";
import { SESSION_IN_SANDBOX } from "../../runtime/protocol/session.ts";

/** The directories of one task, as taskd sees them. */
export interface TaskDirectories {
  /** becomes /work; a later mount on it is seen inside too */
  work: string;
  outputs: string;
  uploads: string;
  home: string;
  tmp: string;
  /** the agent's working copy of the session */
  session: string;
}

/** The bubblewrap command line that runs `argv` with a task's view of the machine. */
export function sandboxArguments(directories: TaskDirectories, cwd: string, argv: readonly string[]): string[] {
  return [
    ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net"],
    ["--die-with-parent", "--new-session"],
    ["--ro-bind", "/usr", "/usr"],
    ["--symlink", "usr/bin", "/bin"],
    ["--symlink", "usr/sbin", "/sbin"],
    ["--symlink", "usr/lib", "/lib"],
    ["--symlink", "usr/lib64", "/lib64"],
    ["--ro-bind", "/etc", "/etc"],
    ["--proc", "/proc"],
    ["--dev", "/dev"],
    ["--bind", directories.tmp, "/tmp"],
    ["--bind", directories.session, dirname(SESSION_IN_SANDBOX)],
    ["--perms", "0755", "--dir", "/home"],
    ["--bind", directories.home, "/home/task"],
    ["--bind", directories.work, "/work"],
    ["--bind", directories.outputs, "/outputs"],
    ["--ro-bind", directories.uploads, "/uploads"],
    ["--hostname", "piwork"],
    ["--clearenv"],
    ["--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin"],
    ["--setenv", "HOME", "/home/task"],
    ["--setenv", "USER", "task"],
    ["--setenv", "LOGNAME", "task"],
    ["--setenv", "SHELL", "/bin/bash"],
    ["--setenv", "LANG", "C.UTF-8"],
    ["--chdir", cwd],
    ["--json-status-fd", "3"],
    ["--", "setpriv", `--reuid=${TASK_UID}`, `--regid=${TASK_UID}`, "--clear-groups"],
    ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--", ...argv],
  ].flat();
}

/** Time without a byte after which the output of a tree that has ended is over, in milliseconds. */
const QUIET_MS = 1_000;

/** How a sandboxed process ended: its code, 128 + n for signal n. */
export interface Ending {
  code: number;
}

/** A process tree that taskd started. */
export interface ProcessTree {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Rejects when it could not be started as it should; then nothing ran. */
  readonly ended: Promise<Ending>;
  kill(): void;
}

/** A process tree inside the walls. It ends as a whole: its first process is the init of a pid namespace of its own. */
export class Sandbox implements ProcessTree {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Rejects when the walls could not be built; then nothing ran. */
  readonly ended: Promise<Ending>;
  /** pid of the namespace's init, as the guest's root sees it; null while there is none */
  initPid: number | null = null;
  readonly #child: ChildProcess;
  #killed = false;

  constructor(directories: TaskDirectories, cwd: string, argv: readonly string[]) {
    this.#child = spawn("bwrap", sandboxArguments(directories, cwd, argv), {
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      cwd: "/",
      env: { PATH: "/usr/bin" },
    });
    this.stdin = this.#child.stdin as Writable;
    this.stdout = this.#child.stdout as Readable;
    this.stderr = this.#child.stderr as Readable;
    // Writing to a process that is gone fails; `ended` reports that it is gone.
    this.stdin.on("error", () => {});
    this.#child.once("exit", () => {
      for (const stream of [this.stdout, this.stderr] as Socket[]) endWhenQuiet(stream);
    });
    this.ended = this.#watch(this.#child.stdio[3] as Readable);
    this.ended.catch(() => {});
  }

  async #watch(statusPipe: Readable): Promise<Ending> {
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
    this.initPid = null;
    // bubblewrap writes an exit code only for a command that ran behind complete walls.
    const code = /"exit-code": *(\d+)/.exec(status)?.[1];
    if (code !== undefined) return { code: Number(code) };
    if (this.#killed) return { code: 137 };
    throw new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      "The walls around the task could not be built: bubblewrap refused. The machine's console has its words.",
    );
  }

  /** Asks the processes that init started to end. */
  terminate(): void {
    if (this.initPid === null) return;
    for (const pid of childrenOf(this.initPid)) signal(pid, "SIGTERM");
  }

  /** Ends the whole tree: with its init, the kernel kills every process of the namespace, whatever it ignores or has detached. */
  kill(): void {
    this.#killed = true; // before init is known, it is killed as soon as it is
    if (this.initPid !== null) signal(this.initPid, "SIGKILL");
  }
}

/**
 * Ends a stream whose writers are gone once all that was written has been read. Somebody else may have been given the
 * other end, and would keep it open for ever.
 */
function endWhenQuiet(stream: Socket): void {
  let seen = stream.bytesRead;
  const look = setInterval(() => {
    if (stream.destroyed || stream.readableEnded) return clearInterval(look);
    if (stream.bytesRead === seen && stream.readableLength === 0) {
      clearInterval(look);
      stream.push(null);
      stream.once("end", () => stream.destroy());
    }
    seen = stream.bytesRead;
  }, QUIET_MS);
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // it has just ended
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
