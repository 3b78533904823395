import * as z from "zod";
import { relativeFolder, requestId, taskId, title } from "./ids.ts";
import { agentKind, modelName } from "./kinds.ts";
import { taskState } from "./states.ts";

/** `records/<id>.json`: what the host knows of a task. Machines never see it. */
export const taskRecord = z.strictObject({
  version: z.literal(2),
  id: taskId,
  title,
  /** relative to the workspace root; bound once, then fixed */
  folder: relativeFolder.nullable(),
  /** its folder may be, hold or lie in the folder of another open task */
  sharedFolder: z.boolean(),
  agent: agentKind,
  /** null: the agent's own choice */
  model: modelName.nullable(),
  createdAt: z.iso.datetime(),
  state: taskState.exclude(["missing"]),
  /** the turn in flight; a runtime that finds one when it starts knows that it was lost */
  turn: z.strictObject({ id: requestId, startedAt: z.iso.datetime() }).nullable(),
  /** the last turn, where it did not come to its end */
  lostTurn: z.strictObject({ id: requestId, startedAt: z.iso.datetime(), why: z.string().max(500) }).nullable(),
});
export type TaskRecord = z.infer<typeof taskRecord>;

const versionOne = taskRecord
  .omit({ sharedFolder: true, model: true, turn: true, lostTurn: true })
  .extend({ version: z.literal(1) });

/** Reads a record of this version or of the one before. */
export function parseTaskRecord(value: unknown): TaskRecord {
  const old = versionOne.safeParse(value);
  if (!old.success) return taskRecord.parse(value);
  return { ...old.data, version: 2, sharedFolder: false, model: null, turn: null, lostTurn: null };
}
