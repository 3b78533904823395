import * as z from "zod";
import { relativeFolder, requestId, taskId, title } from "../protocol/ids.ts";
import { agentKind, modelName, thinkingLevel } from "../protocol/kinds.ts";
import { LIMITS } from "../protocol/limits.ts";
import { taskState } from "../protocol/states.ts";
import { taskMemory } from "../protocol/task-memory.ts";

const usage = z
  .strictObject({
    bytes: z
      .int()
      .nonnegative()
      .describe("Size in bytes: of each file the larger of its length and its space on disk; a hard link counts once."),
    entries: z.int().nonnegative().describe("Number of files, directories and links."),
    unreached: z.int().nonnegative().describe("Number of directories that are unreadable or too deep to count."),
  })
  .meta({ title: "usage", description: "Size of a directory tree." });
export type Usage = z.infer<typeof usage>;

const taskUsage = z.strictObject({
  folder: usage.nullable().describe("Size of the task's folder; null where it has none."),
  kept: usage.describe("Size of the task's outputs, home and session."),
});
export type TaskUsage = z.infer<typeof taskUsage>;

const growth = z
  .strictObject({
    before: taskUsage.describe("Sizes without what the task has added."),
    ended: taskUsage.nullable().describe("Sizes at its last stop; null while it is open, and after a crash."),
    exceeded: z.string().max(1000).nullable().describe("Reason of its stop, where it had added too much."),
  })
  .meta({ title: "growth", description: "Sizes from which the runtime computes what a task has added to its files." });

const turnInFlight = {
  id: requestId.describe("Request id of the prompt."),
  startedAt: z.iso.datetime().describe("Start of the turn."),
};

/** `records/<id>.json` */
export const taskRecord = z
  .strictObject({
    version: z.literal(5).describe("Version of the record's format."),
    id: taskId,
    title,
    folder: relativeFolder.nullable().describe("Folder of the task: null, or bound once and then fixed."),
    sharedFolder: z.boolean().describe("Whether the folder may overlap the folder of another open task."),
    agent: agentKind,
    model: modelName.nullable().describe("Model of the agent; null: the agent's own choice."),
    thinking: thinkingLevel.nullable().describe("Thinking level of the agent; null: the agent's own choice."),
    memoryBytes: taskMemory,
    createdAt: z.iso.datetime().describe("Time at which the task was created."),
    state: taskState.exclude(["missing"]).describe("State of the task; see [states](#states)."),
    turn: z
      .strictObject(turnInFlight)
      .nullable()
      .describe("Turn in flight. A runtime that finds one when it starts knows that the turn was lost."),
    lostTurn: z
      .strictObject({ ...turnInFlight, why: z.string().max(500).describe("Reason of the loss.") })
      .nullable()
      .describe("Last turn, where it did not end properly."),
    growth: growth.nullable().describe("Sizes of its files; null until it is opened for the first time."),
  })
  .meta({
    title: "task record",
    description: "What the host knows of a task, as stored in its file. Machines never see it.",
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
