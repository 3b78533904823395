import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { policyViolation } from "../protocol/errors.ts";
import { assertPart, O_PATH, type Place, printable } from "./open-beneath.ts";

/** A regular file, open. `using` closes it. */
export class RegularFile implements Disposable {
  constructor(
    readonly fd: number,
    readonly stats: Stats,
  ) {}

  /** Everything in it, undefined where that is more than this: its length may be another one than when it was opened. */
  readAtMost(bytes: number): Buffer | undefined {
    let buffer = Buffer.allocUnsafe(Math.min(this.stats.size, bytes) + 1);
    let read = 0;
    for (;;) {
      const length = readSync(this.fd, buffer, read, buffer.length - read, null);
      if (length === 0) return buffer.subarray(0, read);
      read += length;
      if (read > bytes) return undefined;
      if (read === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * read, bytes + 1));
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/**
 * Opens the regular file of this name; undefined where nothing is. Whatever else a task put there (a link, a pipe, a socket,
 * a device, a directory) is refused, neither followed nor waited for: only what is known to be a file is opened at all.
 */
export function openRegularFile(place: Place, name: string, how = constants.O_RDONLY): RegularFile | undefined {
  assertPart(name);
  let handle: number;
  try {
    handle = openSync(`${place.path}/${name}`, O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(handle);
    if (!stats.isFile())
      throw policyViolation(`'${printable(name)}' is ${kindWords(stats)}; only regular files are read.`);
    return new RegularFile(openSync(`/proc/self/fd/${handle}`, how | constants.O_NONBLOCK), stats);
  } finally {
    closeSync(handle);
  }
}

function kindWords(stats: Stats): string {
  if (stats.isSymbolicLink()) return "a symlink";
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a FIFO";
  if (stats.isSocket()) return "a socket";
  return "a device";
}
