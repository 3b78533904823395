import * as z from "zod";
import { relativeFolder, taskId } from "./ids.ts";

export const permissions = z
  .strictObject({
    decisions: z
      .array(z.string().min(1).max(300))
      .max(100)
      .describe("Actions that are allowed without asking, in the words of the questions."),
    ask: z
      .array(z.string().min(1, "it is the name of a tool or a pattern of paths, and not empty").max(200))
      .max(100)
      .describe("Tools (by name) and paths below /work (by pattern) that the agent asks for in addition."),
  })
  .meta({ title: "permissions", description: "Rules by which an agent's tool calls need a person's permission." });
export type Permissions = z.infer<typeof permissions>;

/** `policy/<id>.json` */
export const policy = permissions.pick({ ask: true });

export const decision = z
  .strictObject({
    id: z
      .string()
      .regex(/^[0-9a-f]{8}$/, "a decision's id is 8 of 0-9 and a-f")
      .describe("Id of the decision."),
    task: taskId,
    what: permissions.shape.decisions.element.describe("Allowed action, in the words of the question."),
    folder: relativeFolder
      .nullable()
      .describe("Folder of the task at that time; with another one, the agent asks again."),
    at: z.iso.datetime().describe("Time of the decision."),
  })
  .meta({ title: "decision", description: "Action that a task's agent may repeat without asking." });
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
