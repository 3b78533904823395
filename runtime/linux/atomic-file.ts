import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Nothing is written through a symlink or into a file that was planted under the draft's name. */
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Writes a file so that a crash or a power cut leaves the old one or the new one, never a half. Only its owner can read it, unless
 * `mode` says otherwise.
 */
export function writeAtomically(
  path: string,
  content: string | Uint8Array,
  { mode = 0o600 }: { mode?: number } = {},
): void {
  const draft = `${path}.draft`;
  const fd = create(draft, mode);
  try {
    // Unlike writeSync, it goes on after a partial write.
    writeFileSync(fd, content);
    fsyncSync(fd);
  } catch (error) {
    rmSync(draft, { force: true }); // what is there of it may be what fills the disk
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSynced(draft, path);
}

/** Gives a file or directory another name that is still its name after a power cut. */
export function renameSynced(from: string, to: string): void {
  renameSync(from, to);
  for (const directory of new Set([dirname(to), dirname(from)])) {
    const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

/** Creates a file in place of one that was left by a process that was killed. */
function create(path: string, mode: number): number {
  try {
    return openSync(path, CREATE, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    rmSync(path);
    return openSync(path, CREATE, mode);
  }
}
