import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { tryLock } from "../linux/flock.mjs";
import { PiworkError } from "../protocol/errors.ts";
import { unusable } from "./places.ts";

/** Each kind of directory that only one runtime at a time may use: its lock file, and the option that chooses another. */
const LOCKED = {
  state: { file: "lock", option: "--state" },
  logs: { file: "piwork.log.lock", option: "--logs" },
};

/** One runtime per directory. */
export class StateLock {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static take(directory: string, kind: keyof typeof LOCKED): StateLock {
    const { file, option } = LOCKED[kind];
    const path = join(directory, file);
    const fd = open(path, directory, option);
    try {
      if (tryLock(fd)) {
        ftruncateSync(fd);
        writeSync(fd, `${process.pid}\n`);
        return new StateLock(fd);
      }
    } catch (error) {
      closeSync(fd);
      throw unusable(directory, option, error);
    }
    closeSync(fd);
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
