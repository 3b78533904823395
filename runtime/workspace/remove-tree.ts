import { chmodSync, lstatSync, openSync, renameSync } from "node:fs";
import { rm, rmdir, unlink } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { openBeneath, PLACE, Place } from "../linux/open-beneath.ts";
import { namesIn, pathOf } from "./walk.ts";

/**
 * Removes a directory, whatever a task made in it: however deep, however named, whatever its modes. Goes from descriptor to
 * descriptor: whoever still has one of the tree (a machine that was taken over) leads it nowhere else by what is swapped.
 * Directories inside are first moved to the top, so that no path gets long. Others get their turns however much there is.
 */
export async function removeTree(directory: string): Promise<void> {
  if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    return await rm(directory, { force: true });
  using parent = openBeneath(dirname(directory), []);
  const name = Buffer.from(basename(directory));
  await emptyTree(parent, name);
  await rmdir(pathOf(parent, name));
}

async function emptyTree(parent: Place, name: Buffer): Promise<void> {
  using top = openInside(parent, name);
  let moved = 0;
  const nextPlace = (): Buffer => {
    for (;;) {
      const path = pathOf(top, Buffer.from(`.piwork-removed-${++moved}`));
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return path;
    }
  };
  await unlinkIn(top, async (entry) => {
    using inner = openInside(top, entry);
    await unlinkIn(inner, (deeper) => {
      using _writable = openInside(inner, deeper);
      renameSync(pathOf(inner, deeper), nextPlace());
    });
    await rmdir(pathOf(top, entry));
  });
}

/** Unlinks everything in a directory, until nothing is there; `clear` has to take away each directory. */
async function unlinkIn(place: Place, clear: (directory: Buffer) => void | Promise<void>): Promise<void> {
  // What is removed while names are read may hide others from the reading.
  for (let isEmpty = false; !isEmpty; ) {
    isEmpty = true;
    for await (const names of namesIn(place)) {
      isEmpty = false;
      const gone = await Promise.all(names.map((name) => unlinked(pathOf(place, name))));
      for (const name of names.filter((_, index) => !gone[index])) await clear(name);
    }
  }
}

/** A directory that is there, whatever its mode was: it can be read, emptied and moved from now on. */
function openInside(place: Place, name: Buffer): Place {
  const inner = new Place(openSync(pathOf(place, name), PLACE));
  chmodSync(inner.path, 0o700);
  return inner;
}

/** Whether it is gone; a directory is not. */
async function unlinked(path: Buffer): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EISDIR" || code === "EPERM") return false;
    if (code === "ENOENT") return true;
    throw error;
  }
}
