import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

/** Names under which a folder says how it wants to be worked in; the first that is there counts. */
const NAMES = ["AGENTS.md", "CLAUDE.md"];
/** Bytes of it that are read, its first ones. */
const MOST_BYTES = 64 * 1024;

/** What a folder says about how to work in it. */
export function readInstructions(folder: string): { path: string; content: string }[] {
  for (const name of NAMES) {
    const content = readBeginning(join(folder, name));
    if (content !== undefined) return [{ path: join(folder, name), content }];
  }
  return [];
}

/** Of a regular file that can be read; whatever else is there is none. */
function readBeginning(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    const bytes = Buffer.alloc(MOST_BYTES);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, MOST_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}
