import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** Nothing is written through a symlink or into a file that was planted under the draft's name. */
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Writes a file so that a crash leaves the old one or the new one, never a half. Only its owner can read it, unless `mode` says
 * otherwise. `isFleeting`: losing it in a power cut is not worth the wait for the disk.
 */
export function writeAtomically(
  path: string,
  content: string | Uint8Array,
  { mode = 0o600, isFleeting = false }: { mode?: number; isFleeting?: boolean } = {},
): void {
  const draft = `${path}.draft`;
  const fd = create(draft, mode);
  try {
    // Unlike writeSync, it goes on after a partial write.
    writeFileSync(fd, content);
    if (!isFleeting) fsyncSync(fd);
  } catch (error) {
    rmSync(draft, { force: true }); // what is there of it may be what fills the disk
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(draft, path);
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
