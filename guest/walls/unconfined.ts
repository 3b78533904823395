import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import type { ProcessTree } from "./sandbox.ts";

/** A command as the machine's root, outside of every wall. Only for machines that are there to be attacked. */
export class Unconfined implements ProcessTree {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;

  constructor([program = "", ...words]: readonly string[]) {
    // A group of its own, so that what the command started ends with it.
    this.#child = spawn(program, words, { stdio: "pipe", cwd: "/", detached: true });
    this.stdin = this.#child.stdin as Writable;
    this.stdout = this.#child.stdout as Readable;
    this.stderr = this.#child.stderr as Readable;
    this.stdin.on("error", () => {});
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("close", (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
      this.#child.once("error", (cause) =>
        reject(new PiworkError("INVALID_REQUEST", `'${program}' cannot be run in the machine.`, { cause })),
      );
    });
    this.ended.catch(() => {});
  }

  kill(): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
