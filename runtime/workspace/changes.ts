import type { Stats } from "node:fs";
import * as z from "zod";
import type { Change, Changes, Entry } from "../api/files.ts";
import { openBeneath } from "../linux/open-beneath.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { TaskDirectory } from "./files.ts";
import { typeOf } from "./listing.ts";
import { showPath, sortBy } from "./names.ts";
import { type Found, type LookLimits, walk } from "./walk.ts";

/** Type, length, inode, and when the inode changed last, which no program can set. */
const facts = z.tuple([z.string(), z.number(), z.number(), z.number()]);
type Facts = z.infer<typeof facts>;

/** How a folder was before its task could write to it. Paths are told by their bytes, each as one character. */
export const folderBaseline = z.strictObject({
  version: z.literal(1),
  takenAt: z.iso.datetime(),
  /** false: there was too much to look at */
  isWhole: z.boolean(),
  entries: z.array(z.tuple([z.string(), facts])),
});
export type FolderBaseline = z.infer<typeof folderBaseline>;

const LOOK_LIMITS: LookLimits = { entries: LIMITS.changesEntries, milliseconds: LIMITS.changesMs };

/** How a folder is now. */
export async function lookAtFolder(directory: TaskDirectory, limits = LOOK_LIMITS): Promise<FolderBaseline> {
  const takenAt = new Date().toISOString();
  const { isWhole, names } = await read(directory, limits);
  return { version: 1, takenAt, isWhole, entries: [...names].map(([key, { stats }]) => [key, describe(stats)]) };
}

/** What is different since `first`; where that is not known, what was changed after `since`. */
export async function findChanges(
  directory: TaskDirectory,
  first: FolderBaseline | undefined,
  since: Date,
  limits = LOOK_LIMITS,
): Promise<Changes> {
  const { isWhole, names } = await read(directory, limits);
  const hasBeginning = first?.isWhole === true;
  const before = new Map(first?.entries);
  const found: Change[] = [];
  for (const [key, { path, stats }] of names) {
    const kind = hasBeginning
      ? compare(before.get(key), stats)
      : stats.isDirectory() || stats.ctimeMs <= since.getTime()
        ? undefined
        : "modified";
    if (kind !== undefined) found.push({ path, kind, type: typeOf(stats), bytes: stats.size });
  }
  if (hasBeginning && isWhole)
    for (const [key, [type]] of before)
      if (!names.has(key))
        found.push({ path: showPath(partsOf(key)), kind: "deleted", type: type as Entry["type"], bytes: null });
  return {
    since: first?.takenAt ?? since.toISOString(),
    changes: sortBy(found, ({ path }) => path).slice(0, LIMITS.listedChanges),
    truncated: !isWhole || found.length > LIMITS.listedChanges,
    hasBeginning,
  };
}

/** A directory changes with every name in it; these are told one by one. */
function compare(before: Facts | undefined, stats: Stats): Change["kind"] | undefined {
  if (before === undefined) return "created";
  const now = describe(stats);
  const isSame = stats.isDirectory() ? now[0] === before[0] : now.every((fact, index) => fact === before[index]);
  return isSame ? undefined : "modified";
}

function describe(stats: Stats): Facts {
  return [typeOf(stats), stats.size, stats.ino, stats.ctimeMs];
}

async function read(
  { root, parts }: TaskDirectory,
  limits: LookLimits,
): Promise<{ isWhole: boolean; names: Map<string, { path: string; stats: Stats }> }> {
  using place = openBeneath(root, parts);
  const names = new Map<string, { path: string; stats: Stats }>();
  let hasUnreached = false;
  const visit = (found: Found) => {
    names.set(keyOf(found), { path: showPath([...found.above, found.name]), stats: found.stats });
  };
  const unreached = () => {
    hasUnreached = true;
  };
  const isDone = await walk(place, visit, { unreached, limits });
  return { isWhole: isDone && !hasUnreached, names };
}

function keyOf({ above, name }: Found): string {
  return [...above, name].map((part) => part.toString("latin1")).join("/");
}

function partsOf(key: string): Buffer[] {
  return key.split("/").map((part) => Buffer.from(part, "latin1"));
}
