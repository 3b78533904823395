import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";

/** Writes a private file so that a crash leaves the old one or the new one, never a half. `isFleeting`: it is not worth the wait for the disk. */
export function writeWhole(path: string, content: string, isFleeting = false): void {
  const draft = `${path}.draft`;
  const fd = openSync(draft, "w", 0o600);
  try {
    // Unlike writeSync, it goes on after a partial write.
    writeFileSync(fd, content);
    if (!isFleeting) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(draft, path);
}
