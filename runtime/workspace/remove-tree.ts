import { chmodSync, lstatSync, openSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { openBeneath, PLACE, Place } from "../linux/open-beneath.ts";
import { pathOf } from "./walk.ts";

/**
 * Removes a directory, whatever a task made in it: however deep, however named, whatever its modes. Goes from descriptor to
 * descriptor: whoever still has one of the tree (a machine that was taken over) leads it nowhere else by what is swapped.
 * Directories inside are first moved to the top, so that no path gets long.
 */
export function removeTree(directory: string): void {
  if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    return rmSync(directory, { force: true });
  using parent = openBeneath(dirname(directory), []);
  const name = Buffer.from(basename(directory));
  emptyTree(parent, name);
  rmdirSync(pathOf(parent, name));
}

function emptyTree(parent: Place, name: Buffer): void {
  using top = openInside(parent, name);
  let moved = 0;
  const nextPlace = (): Buffer => {
    for (;;) {
      const path = pathOf(top, Buffer.from(`${PREFIX}${++moved}`));
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return path;
    }
  };
  const empty = (place: Place): void => {
    for (const entry of namesOf(place)) {
      if (unlinked(pathOf(place, entry))) continue;
      using _writable = openInside(place, entry);
      // Names at the top are ours by now: what had one of these was moved, or is removed, before.
      if (place !== top || !isOurs(entry)) renameSync(pathOf(place, entry), nextPlace());
    }
  };
  empty(top);
  for (let names = namesOf(top); names.length > 0; names = namesOf(top))
    for (const entry of names) {
      using inner = openInside(top, entry);
      empty(inner);
      rmdirSync(pathOf(top, entry));
    }
}

const PREFIX = ".piwork-removed-";

function isOurs(name: Buffer): boolean {
  return name.toString("latin1").startsWith(PREFIX);
}

/** A directory that is there, whatever its mode was: it can be read, emptied and moved from now on. */
function openInside(place: Place, name: Buffer): Place {
  const inner = new Place(openSync(pathOf(place, name), PLACE));
  chmodSync(inner.path, 0o700);
  return inner;
}

function namesOf(place: Place): Buffer[] {
  return readdirSync(place.path, { encoding: "buffer" });
}

/** Whether it is gone; a directory is not. */
function unlinked(path: Buffer): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EISDIR" || code === "EPERM") return false;
    if (code === "ENOENT") return true;
    throw error;
  }
}
