import { openSync, type Stats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { PLACE, Place } from "../linux/open-beneath.ts";
import { HIDDEN_NAMES } from "./hidden-names.ts";

/** A name of a directory tree, and what was there when it was read. */
export interface Found {
  /** its directory; open only until the visit is over */
  place: Place;
  name: Buffer;
  /** names of the directories that lead to it from the root of the walk */
  above: readonly Buffer[];
  stats: Stats;
}

export interface WalkLimits {
  /** levels of directories below the root that are entered; each holds two descriptors */
  levels: number;
  /** asked before each batch of names: true ends the walk */
  isEnough?: () => boolean;
  /** told of a directory that was not entered, because it is too deep or may not be read */
  unreached?: (found: Found) => void;
}

/** Names that are looked at together. */
const BATCH = 32;

/**
 * Visits everything below a directory, from descriptor to descriptor, following no link. Directories are read piece by
 * piece, so that neither a million names nor a deep tree takes memory. What is renamed or removed meanwhile is missed, or
 * seen twice; it never leads out. Resolves to false where `isEnough` ended it.
 */
export async function walk(
  root: Place,
  visit: (found: Found) => void | Promise<void>,
  limits: WalkLimits,
): Promise<boolean> {
  return walkDirectory(root, [], visit, limits);
}

async function walkDirectory(
  place: Place,
  above: readonly Buffer[],
  visit: (found: Found) => void | Promise<void>,
  limits: WalkLimits,
): Promise<boolean> {
  for await (const names of namesIn(place)) {
    if (limits.isEnough?.()) return false;
    const batch = await Promise.all(names.map((name) => look(place, name)));
    for (const [index, stats] of batch.entries()) {
      const name = names[index];
      if (stats === undefined || name === undefined) continue;
      const found: Found = { place, name, above, stats };
      await visit(found);
      if (!stats.isDirectory()) continue;
      const isDone = await enter(found, visit, limits);
      if (!isDone) return false;
    }
  }
  return true;
}

async function enter(
  found: Found,
  visit: (found: Found) => void | Promise<void>,
  limits: WalkLimits,
): Promise<boolean> {
  if (found.above.length >= limits.levels) {
    limits.unreached?.(found);
    return true;
  }
  try {
    using inner = new Place(openSync(pathOf(found.place, found.name), PLACE));
    return await walkDirectory(inner, [...found.above, found.name], visit, limits);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isGone(code)) return true;
    if (code !== "EACCES" && code !== "EPERM") throw error;
    limits.unreached?.(found);
    return true;
  }
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
