import type { Stats } from "node:fs";
import { setImmediate } from "node:timers/promises";
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
const entry = z.tuple([z.string(), facts]);

/** The first line of a kept baseline. Version 1 had everything in it. */
const kept = { takenAt: z.iso.datetime(), isWhole: z.boolean() };
const header = z.discriminatedUnion("version", [
  z.strictObject({ version: z.literal(1), ...kept, entries: z.array(entry) }),
  z.strictObject({ version: z.literal(2), ...kept, names: z.int() }),
]);

/** How a folder was before its task could write to it. Paths are told by their bytes, each as one character. */
export interface FolderBaseline {
  takenAt: string;
  /** false: there was too much to look at */
  isWhole: boolean;
  entries: Map<string, Facts>;
}

const LOOK_LIMITS: LookLimits = { entries: LIMITS.changesEntries, milliseconds: LIMITS.changesMs };
/** Names that are handled without a pause for everything else. */
const AT_ONCE = 1000;

/** How a folder is now. */
export async function lookAtFolder(directory: TaskDirectory, limits = LOOK_LIMITS): Promise<FolderBaseline> {
  const takenAt = new Date().toISOString();
  const entries = new Map<string, Facts>();
  const isWhole = await read(directory, limits, (found) => entries.set(keyOf(found), describe(found.stats)));
  return { takenAt, isWhole, entries };
}

/** A baseline as lines of a file: what it is, and how many names follow, one on each line. */
export async function* linesOf({ takenAt, isWhole, entries }: FolderBaseline): AsyncGenerator<string> {
  yield `${JSON.stringify({ version: 2, takenAt, isWhole, names: entries.size })}\n`;
  for await (const some of inTurns(entries)) yield some.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}

/** The baseline that is in these lines. Throws where some are missing, since nothing that is not there may count as created. */
export async function fromLines(lines: AsyncIterable<string>): Promise<FolderBaseline> {
  let head: z.infer<typeof header> | undefined;
  const entries = new Map<string, Facts>();
  for await (const line of lines) {
    if (head === undefined) head = header.parse(JSON.parse(line));
    else entries.set(...entry.parse(JSON.parse(line)));
    if (entries.size % AT_ONCE === 0) await setImmediate();
  }
  if (head === undefined) throw new Error("the file is empty");
  if (head.version === 1) return { ...head, entries: new Map(head.entries) };
  if (entries.size !== head.names) throw new Error(`${entries.size} names of ${head.names} are there`);
  return { ...head, entries };
}

/** What is different since `first`; where that is not known, what was changed after `since`. */
export async function findChanges(
  directory: TaskDirectory,
  first: FolderBaseline | undefined,
  since: Date,
  limits = LOOK_LIMITS,
): Promise<Changes> {
  const hasBeginning = first?.isWhole === true;
  const before = first?.entries ?? new Map<string, Facts>();
  const seen = new Set<string>();
  let count = 0;
  let listed: Change[] = [];
  const list = () => {
    listed = sortBy(listed, ({ path }) => path).slice(0, LIMITS.listedChanges);
  };
  const add = (change: Change) => {
    count++;
    if (listed.push(change) === 2 * LIMITS.listedChanges) list();
  };
  const isWhole = await read(directory, limits, (found) => {
    const [key, { stats }] = [keyOf(found), found];
    if (seen.has(key)) return;
    seen.add(key);
    const kind = hasBeginning
      ? compare(before.get(key), stats)
      : stats.isDirectory() || stats.ctimeMs <= since.getTime()
        ? undefined
        : "modified";
    if (kind !== undefined) add({ path: showPath(partsOf(key)), kind, type: typeOf(stats), bytes: stats.size });
  });
  if (hasBeginning && isWhole)
    for await (const some of inTurns(before))
      for (const [key, [type]] of some)
        if (!seen.has(key))
          add({ path: showPath(partsOf(key)), kind: "deleted", type: type as Entry["type"], bytes: null });
  list();
  return {
    since: first?.takenAt ?? since.toISOString(),
    changes: listed,
    truncated: !isWhole || count > LIMITS.listedChanges,
    hasBeginning,
  };
}

/** Some of many items at a time, and a turn for everything else before the next. */
async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<T[]> {
  let some: T[] = [];
  for (const item of items) {
    if (some.push(item) < AT_ONCE) continue;
    yield some;
    some = [];
    await setImmediate();
  }
  yield some;
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

/** Whether everything was visited. */
async function read(
  { root, parts }: TaskDirectory,
  limits: LookLimits,
  visit: (found: Found) => void,
): Promise<boolean> {
  using place = openBeneath(root, parts);
  let hasUnreached = false;
  const unreached = () => {
    hasUnreached = true;
  };
  const isDone = await walk(place, visit, { unreached, limits });
  return isDone && !hasUnreached;
}

function keyOf({ above, name }: Found): string {
  return [...above, name].map((part) => part.toString("latin1")).join("/");
}

function partsOf(key: string): Buffer[] {
  return key.split("/").map((part) => Buffer.from(part, "latin1"));
}
