import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PiworkError } from "../protocol/errors.ts";
import { unusable } from "./places.ts";

/** Each kind of directory that only one runtime at a time may use: its lock file, and the option that chooses another. */
const LOCKED = {
  state: { file: "lock", option: "--state" },
  logs: { file: "piwork.log.lock", option: "--logs" },
};

/** What util-linux's flock answers where somebody else has the lock. */
const HELD = 1;

/**
 * One runtime per directory. The lock belongs to an open descriptor, so the kernel lets go of it however this process ends.
 * Node cannot lock files: util-linux's flock locks the descriptor it inherits, and we keep it.
 */
export class StateLock {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static take(directory: string, kind: keyof typeof LOCKED): StateLock {
    const { file, option } = LOCKED[kind];
    const path = join(directory, file);
    const fd = open(path, directory, option);
    const { status, error, stderr } = spawnSync("flock", ["--nonblock", "--exclusive", "3"], {
      stdio: ["ignore", "ignore", "pipe", fd],
      encoding: "utf8",
    });
    if (status === 0) {
      ftruncateSync(fd);
      writeSync(fd, `${process.pid}\n`);
      return new StateLock(fd);
    }
    closeSync(fd);
    if (error !== undefined)
      throw new PiworkError("INTERNAL_ERROR", "'flock' could not be run; it is in Debian's util-linux.", {
        cause: error,
      });
    if (status !== HELD) throw unusable(directory, option, `it cannot be locked (${stderr.trim()})`);
    const holder = readFileSync(path, "utf8").trim();
    throw new PiworkError(
      "WORKSPACE_POLICY_VIOLATION",
      `A runtime already uses ${directory} (process ${holder}); stop it with 'piwork down', or choose another ${option}.`,
    );
  }

  release(): void {
    closeSync(this.#fd);
  }
}

function open(path: string, directory: string, option: string): number {
  try {
    return openSync(path, "a+", 0o600);
  } catch (error) {
    throw unusable(directory, option, error);
  }
}
