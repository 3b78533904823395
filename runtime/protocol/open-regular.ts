import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { PiworkError } from "./errors.ts";
import { assertPart, O_PATH, type Place, printable } from "./open-beneath.ts";

/** A regular file, open for reading. `using` closes it. */
export class RegularFile implements Disposable {
  constructor(
    readonly fd: number,
    readonly stats: Stats,
  ) {}

  /** Everything in it, undefined where that is more than this: its length may have changed since it was opened. */
  readAtMost(bytes: number): Buffer | undefined {
    const pieces: Buffer[] = [];
    let read = 0;
    for (;;) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes + 1 - read));
      const length = readSync(this.fd, piece);
      if (length === 0) return Buffer.concat(pieces);
      pieces.push(piece.subarray(0, length));
      read += length;
      if (read > bytes) return undefined;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

const PIECE_BYTES = 1024 * 1024;

/**
 * Opens the regular file of this name; undefined where nothing is. Whatever else a task put there (a link, a pipe, a socket,
 * a device, a directory) is refused, neither followed nor waited for: only what is known to be a file is opened at all.
 */
export function openRegularFile(place: Place, name: string): RegularFile | undefined {
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
      throw new PiworkError(
        "WORKSPACE_POLICY_VIOLATION",
        `'${printable(name)}' is ${kindWords(stats)}; only regular files are read.`,
      );
    return new RegularFile(openSync(`/proc/self/fd/${handle}`, constants.O_RDONLY | constants.O_NONBLOCK), stats);
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
