import { openSync, type Stats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { PLACE, Place } from "../linux/open-beneath.ts";
import { LIMITS } from "../protocol/limits.ts";

/**
 * Names of files that this runtime has in directories of tasks for a moment. Listings, changes and sums leave them out. They are
 * random, so that no task can give such a name to a file of its own to hide it.
 */
export const HIDDEN_NAMES = new Set<string>();

/** A name of a directory tree, and what was there when it was read. */
export interface Found {
  /** its directory; open only until the visit is over */
  place: Place;
  name: Buffer;
  /** names of the directories that lead to it from the root of the walk */
  above: readonly Buffer[];
  stats: Stats;
}

/** How much of a tree is looked at. */
export interface LookLimits {
  /** names that are visited */
  entries: number;
  milliseconds: number;
}

interface WalkOptions {
  /** told of a directory that was not entered, because it is too deep or may not be read */
  unreached: (found: Found) => void;
  /** asked before each batch of names; without it, everything is visited */
  limits?: LookLimits;
  signal?: AbortSignal | undefined;
}

/** Names that are looked at together. */
const BATCH = 32;

/**
 * Visits everything below a directory, from descriptor to descriptor, following no link. Directories are read piece by
 * piece, so that neither a million names nor a deep tree takes memory. What is renamed or removed meanwhile is missed, or
 * seen twice; it never leads out. Resolves to false where the limits ended it.
 */
export async function walk(
  root: Place,
  visit: (found: Found) => void | Promise<void>,
  { unreached, limits, signal }: WalkOptions,
): Promise<boolean> {
  const end = performance.now() + (limits?.milliseconds ?? Number.POSITIVE_INFINITY);
  let left = limits?.entries ?? Number.POSITIVE_INFINITY;
  const visitAll = async (place: Place, above: readonly Buffer[]): Promise<boolean> => {
    for await (const names of namesIn(place)) {
      signal?.throwIfAborted();
      if (left <= 0 || performance.now() > end) return false;
      const batch = await Promise.all(names.map(async (name) => ({ name, stats: await look(place, name) })));
      for (const { name, stats } of batch) {
        if (stats === undefined) continue;
        const found: Found = { place, name, above, stats };
        left--;
        await visit(found);
        if (stats.isDirectory() && !(await enter(found))) return false;
      }
    }
    return true;
  };
  // Each level holds two descriptors.
  const enter = async (found: Found): Promise<boolean> => {
    const { place, name, above } = found;
    try {
      if (above.length < LIMITS.walkLevels) {
        using inner = new Place(openSync(pathOf(place, name), PLACE));
        return await visitAll(inner, [...above, name]);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (isGone(code)) return true;
      if (code !== "EACCES" && code !== "EPERM") throw error;
    }
    unreached(found);
    return true;
  };
  return visitAll(root, []);
}

/** The names of a directory, some at a time. */
export async function* namesIn(place: Place): AsyncGenerator<Buffer[]> {
  // The types know no directory of bytes.
  const options = { encoding: "buffer", bufferSize: BATCH } as unknown as { encoding: "utf8" };
  await using directory = await openDirectory(place.path, options);
  let names: Buffer[] = [];
  for (let entry = await directory.dir.read(); entry !== null; entry = await directory.dir.read()) {
    const name = entry.name as unknown as Buffer;
    if (!HIDDEN_NAMES.has(name.toString("latin1"))) names.push(name);
    if (names.length < BATCH) continue;
    yield names;
    names = [];
  }
  if (names.length > 0) yield names;
}

async function openDirectory(path: string, options: { encoding: "utf8" }) {
  const dir = await opendir(path, options);
  return { dir, [Symbol.asyncDispose]: () => dir.close() };
}

/** What has this name now; undefined where nothing does any more. */
export async function look(place: Place, name: Buffer): Promise<Stats | undefined> {
  try {
    return await lstat(pathOf(place, name));
  } catch (error) {
    if (isGone((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}

export function pathOf(place: Place, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${place.path}/`), name]);
}

/** It was removed, or something else has its name by now. */
function isGone(code: string | undefined): boolean {
  return code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP";
}
