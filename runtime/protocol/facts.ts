import * as z from "zod";
import { relativeFolder, taskId } from "./ids.ts";

/** What an agent's tool calls are asked for. */
export const permissions = z.strictObject({
  /** what is allowed for good, in the words of the questions */
  decisions: z.array(z.string().min(1).max(300)).max(100),
  /** what is asked for as well: names of tools, and patterns of paths below /work */
  ask: z.array(z.string().min(1, "it is the name of a tool or a pattern of paths, and not empty").max(200)).max(100),
});
export type Permissions = z.infer<typeof permissions>;

/** `policy/<id>.json` */
export const policy = permissions.pick({ ask: true });

/** Something that a task's agent may do without asking again, as long as the task has this folder. */
export const decision = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{8}$/, "a decision's id is 8 of 0-9 and a-f"),
  task: taskId,
  what: permissions.shape.decisions.element,
  folder: relativeFolder.nullable(),
  at: z.iso.datetime(),
});
export type Decision = z.infer<typeof decision>;

/** `decisions/<id>.json` */
export const decisionsFile = z.strictObject({ version: z.literal(1), decisions: z.array(decision).max(100) });

/** `facts.json`. */
const taskFacts = permissions.extend({
  folder: relativeFolder.nullable(),
  /** what all processes of the task may use, in bytes */
  memoryBytes: z.int().nonnegative(),
  places: z.array(z.strictObject({ path: z.string(), what: z.string(), writable: z.boolean() })),
});
export type TaskFacts = z.infer<typeof taskFacts>;
