import * as z from "zod";
import { relativeFolder, requestId, taskId, title } from "../protocol/ids.ts";
import { agentKind, modelName, thinkingLevel } from "../protocol/kinds.ts";
import { LIMITS } from "../protocol/limits.ts";
import { taskState } from "../protocol/states.ts";
import { taskMemory } from "../protocol/task-memory.ts";

/** What a directory tree holds. */
const usage = z.strictObject({
  /** of each file the larger of its length and what the disk has allocated for it; a hard link counts once */
  bytes: z.number().int().nonnegative(),
  /** files, directories and links */
  entries: z.number().int().nonnegative(),
  /** directories that could not be looked into: unreadable, or too deep */
  unreached: z.number().int().nonnegative(),
});
export type Usage = z.infer<typeof usage>;

/** The two places a task writes to: its folder, where it has one, and what the state keeps of it (outputs, home, session). */
const taskUsage = z.strictObject({ folder: usage.nullable(), kept: usage });
export type TaskUsage = z.infer<typeof taskUsage>;

/** What a task has added is what its places hold now, less `before`. */
const growth = z.strictObject({
  /** what was there without it */
  before: taskUsage,
  /** what was there when it was stopped last; null while it is open, and after a crash */
  ended: taskUsage.nullable(),
  /** why it was stopped, where it had added too much */
  exceeded: z.string().max(1000).nullable(),
});

/** `records/<id>.json`: what the host knows of a task. Machines never see it. */
export const taskRecord = z.strictObject({
  version: z.literal(5),
  id: taskId,
  title,
  /** relative to the workspace root; bound once, then fixed */
  folder: relativeFolder.nullable(),
  /** its folder may be, hold or lie in the folder of another open task */
  sharedFolder: z.boolean(),
  agent: agentKind,
  /** null: the agent's own choice */
  model: modelName.nullable(),
  /** how much its model thinks; null: the agent's own choice */
  thinking: thinkingLevel.nullable(),
  /** what all its processes may use, in bytes */
  memoryBytes: taskMemory,
  createdAt: z.iso.datetime(),
  state: taskState.exclude(["missing"]),
  /** the turn in flight; a runtime that finds one when it starts knows that it was lost */
  turn: z.strictObject({ id: requestId, startedAt: z.iso.datetime() }).nullable(),
  /** the last turn, where it did not come to its end */
  lostTurn: z.strictObject({ id: requestId, startedAt: z.iso.datetime(), why: z.string().max(500) }).nullable(),
  /** what its places held, so that what it adds can be limited; null until it is opened for the first time */
  growth: growth.nullable(),
});
export type TaskRecord = z.infer<typeof taskRecord>;

const versionFour = taskRecord.omit({ memoryBytes: true }).extend({ version: z.literal(4) });
const versionThree = versionFour.omit({ thinking: true }).extend({ version: z.literal(3) });
const versionTwo = versionThree.omit({ growth: true }).extend({ version: z.literal(2) });
const versionOne = versionTwo
  .omit({ sharedFolder: true, model: true, turn: true, lostTurn: true })
  .extend({ version: z.literal(1) });

/** Reads a record of this version or of an earlier one. */
export function parseTaskRecord(value: unknown): TaskRecord {
  const grown = { version: 5, memoryBytes: LIMITS.taskMemoryBytes } as const;
  const since = { ...grown, thinking: null } as const;
  const one = versionOne.safeParse(value);
  if (one.success)
    return { ...one.data, ...since, sharedFolder: false, model: null, turn: null, lostTurn: null, growth: null };
  const two = versionTwo.safeParse(value);
  if (two.success) return { ...two.data, ...since, growth: null };
  const three = versionThree.safeParse(value);
  if (three.success) return { ...three.data, ...since };
  const four = versionFour.safeParse(value);
  if (four.success) return { ...four.data, ...grown };
  return taskRecord.parse(value);
}
