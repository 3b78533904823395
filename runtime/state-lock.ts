import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PiworkError } from "./protocol/errors.ts";

/**
 * One runtime per state directory. The lock belongs to an open descriptor, so the kernel lets go of it however this process ends.
 * Node cannot lock files: util-linux's flock locks the descriptor it inherits, and we keep it.
 */
export class StateLock {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static take(state: string): StateLock {
    const path = join(state, "lock");
    const fd = openSync(path, "a+", 0o600);
    const { status, error } = spawnSync("flock", ["--nonblock", "--exclusive", "3"], {
      stdio: ["ignore", "ignore", "ignore", fd],
    });
    if (status !== 0) {
      closeSync(fd);
      if (error !== undefined)
        throw new PiworkError("INTERNAL_ERROR", "'flock' could not be run; it is in Debian's util-linux.", {
          cause: error,
        });
      const holder = readFileSync(path, "utf8").trim();
      throw new PiworkError(
        "WORKSPACE_POLICY_VIOLATION",
        `A runtime already uses ${state} (process ${holder}); stop it with 'piwork down', or choose another --state.`,
      );
    }
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`);
    return new StateLock(fd);
  }

  release(): void {
    closeSync(this.#fd);
  }
}
