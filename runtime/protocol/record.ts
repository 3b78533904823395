import * as z from "zod";
import { relativeFolder, taskId, title } from "./ids.ts";
import { agentKind, taskState } from "./rpc.ts";

/** `records/<id>.json`: what the host knows of a task. Machines never see it. */
export const taskRecord = z.strictObject({
  version: z.literal(1),
  id: taskId,
  title,
  /** relative to the workspace root */
  folder: relativeFolder.nullable(),
  agent: agentKind,
  createdAt: z.iso.datetime(),
  state: taskState.exclude(["missing"]),
});
export type TaskRecord = z.infer<typeof taskRecord>;
