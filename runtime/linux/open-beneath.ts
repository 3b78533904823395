import { closeSync, constants, openSync } from "node:fs";
import { policyViolation } from "../protocol/errors.ts";

/** Linux's O_PATH, which Node does not name: a handle to a place, without opening what is there. */
export const O_PATH = 0o10000000;
/** With these the kernel itself refuses whatever is no directory, a link to one too. */
export const PLACE = O_PATH | constants.O_NOFOLLOW | constants.O_DIRECTORY;

/** A place in the file system, held open, so that no rename or link can move it. `using` closes it. */
export class Place implements Disposable {
  constructor(readonly fd: number) {}

  /** A path that leads to this very directory, whatever its name is by now. */
  get path(): string {
    return `/proc/self/fd/${this.fd}`;
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/**
 * Walks from `root` down `parts`, one component at a time from the descriptor of the last one, and follows no symlink.
 * Resolving a path by name and opening it afterwards can be won by whoever swaps a directory for a link in between; this can not.
 * Works the same on the host and in the guest, so both sides use it.
 */
export function openBeneath(root: string | Place, parts: readonly string[]): Place {
  let place = typeof root === "string" ? openPlace(root, root) : root;
  for (const part of parts) {
    const parent = place;
    try {
      assertPart(part);
      place = openPlace(`${parent.path}/${part}`, part);
    } finally {
      if (parent !== root) parent[Symbol.dispose]();
    }
  }
  return place === root ? openPlace(`${place.path}/.`, ".") : place;
}

/** One part of a path: a name, which leads neither up nor past its directory. */
export function assertPart(part: string): void {
  if (part === "" || part === "." || part === ".." || part.includes("/") || part.includes("\0"))
    throw policyViolation(`'${printable(part)}' may not stand in a path.`);
}

/** Why a place is not opened, by the code of the error. */
const REASONS: Record<string, string> = {
  ENOENT: "does not exist",
  ELOOP: "is a symlink or not a directory",
  ENOTDIR: "is a symlink or not a directory",
  EACCES: "may not be entered",
};

function openPlace(path: string, shown: string): Place {
  try {
    return new Place(openSync(path, PLACE));
  } catch (cause) {
    const why = REASONS[(cause as NodeJS.ErrnoException).code ?? ""] ?? "cannot be opened";
    throw policyViolation(
      `'${printable(shown)}' ${why}; a folder must be a real directory below the workspace root.`,
      cause,
    );
  }
}

/** A name that a task may have chosen, fit for a sentence. */
export function printable(text: string): string {
  return JSON.stringify(text.slice(0, 200)).slice(1, -1);
}
