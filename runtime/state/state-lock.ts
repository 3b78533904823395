import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { tryLock } from "../linux/flock.mjs";
import { policyViolation } from "../protocol/errors.ts";
import { unusable } from "./places.ts";

/** Each kind of directory that only one runtime at a time may use: its lock file, and the option that chooses another. */
const LOCKED = {
  state: { file: "lock", option: "--state" },
  logs: { file: "piwork.log.lock", option: "--logs" },
};

/** A directory that no other runtime uses until this is released. */
export interface StateLock {
  release(): void;
}

export function lockDirectory(directory: string, kind: keyof typeof LOCKED): StateLock {
  const { file, option } = LOCKED[kind];
  const path = join(directory, file);
  let fd: number | undefined;
  try {
    const opened = openSync(path, "a+", 0o600);
    fd = opened;
    if (tryLock(fd)) {
      ftruncateSync(fd);
      writeSync(fd, `${process.pid}\n`);
      return { release: () => closeSync(opened) };
    }
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw unusable(directory, option, error);
  }
  closeSync(fd);
  const holder = readFileSync(path, "utf8").trim();
  throw policyViolation(
    `A runtime already uses ${directory} (process ${holder}); stop it with 'piwork down', or choose another ${option}.`,
  );
}
