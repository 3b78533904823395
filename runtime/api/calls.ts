import * as z from "zod";
import { dialogAnswer, dialogQuestion } from "../protocol/agent.ts";
import { errorBody } from "../protocol/errors.ts";
import { runtimeEvent } from "../protocol/events.ts";
import { decision, policy } from "../protocol/facts.ts";
import { innerPath, relativeFolder, taskId, title } from "../protocol/ids.ts";
import { modelName, thinkingLevel } from "../protocol/kinds.ts";
import { LIMITS } from "../protocol/limits.ts";
import { networkPolicy, networkRequest } from "../protocol/network.ts";
import { providerView } from "../protocol/providers.ts";
import { commands } from "../protocol/rpc.ts";
import { transition } from "../protocol/states.ts";
import { taskMemory } from "../protocol/task-memory.ts";
import { boundary } from "./boundary.ts";
import { conversation } from "./conversation.ts";
import { evidenceRun } from "./evidence.ts";
import { area, changes, folderChoices, listing, planted, preview } from "./files.ts";
import { LONGEST_PATIENCE_MS, machineAnswer } from "./machine-answers.ts";
import { taskRecord } from "./record.ts";
import { statusView } from "./status.ts";

const none = z.strictObject({});

const ofTask = z.strictObject({ task: taskId.optional().describe("Task; without it, the active one.") });
const oneTask = z.strictObject({ task: taskId });

const namedFolder = z
  .string()
  .min(1, "a folder needs a name")
  .max(4096)
  .describe("Folder: an absolute path, or one relative to the workspace root.");

const sharedFolder = z.boolean().optional().describe("Whether the folder may overlap the folder of another open task.");

const history = z
  .array(transition)
  .max(LIMITS.history)
  .describe("Last state changes of tasks and machines, the oldest first.");

/**
 * Calls of the control API with one answer: `POST /v1/<name>`, JSON in, JSON out. Client, panel, handler table and
 * docs/protocol.md follow from this table. All calls are open to the socket and, with the token, to the panel.
 */
export const calls = {
  status: { does: "Gives an overview of the runtime.", input: none, output: statusView },
  shutdown: { does: "Stops the runtime. The answer comes before the end.", input: none, output: none },
  task_create: {
    does: "Creates a task and makes it the active one.",
    input: z.strictObject({
      title,
      folder: namedFolder.nullable(),
      sharedFolder,
      network: networkPolicy
        .optional()
        .describe("Destinations that the task may reach, besides those of every new task."),
      ask: policy.shape.ask.optional(),
      memoryBytes: taskMemory
        .optional()
        .describe("Memory of all its processes together, in bytes; without it, the runtime's default."),
    }),
    output: taskRecord,
  },
  task_bind: {
    does: "Binds a folder to a task that has none, for good.",
    input: ofTask.extend({ folder: namedFolder, sharedFolder }),
    output: taskRecord,
  },
  task_delete: {
    does: "Ends a task and removes its record, session, outputs, uploads and home. Its folder stays.",
    input: oneTask,
    output: none,
  },
  task_list: { does: "Lists all tasks, the oldest first.", input: none, output: z.array(taskRecord) },
  task_show: { does: "Shows one task.", input: ofTask, output: taskRecord },
  task_inspect: {
    does: "Shows one task, its permission rules, and the dangerous files in its folder.",
    input: ofTask,
    output: z.strictObject({
      record: taskRecord.describe("The task."),
      ask: policy.shape.ask,
      planted: planted.describe("Dangerous files in its folder."),
    }),
  },
  task_files: {
    does: "Lists a directory of a task.",
    input: ofTask.extend({ area: area.default("folder"), path: innerPath.default("") }),
    output: listing,
  },
  task_preview: {
    does: "Reads the beginning of a regular file of a task.",
    input: ofTask.extend({
      area: area.default("folder"),
      path: innerPath,
      large: z.boolean().default(false).describe("Whether to read more, as for an image."),
    }),
    output: preview,
  },
  task_changes: {
    does: "Lists what is different in a task's folder since the task was given it.",
    input: ofTask,
    output: changes,
  },
  task_boundary: {
    does: "Shows what a task can reach, and asks the kernels of its machine and of the host for the walls around it.",
    input: ofTask,
    output: boundary,
  },
  conversation: {
    does: "Shows what was said and done in a task. Turns of earlier runtimes come from the saved session, which has only texts.",
    input: ofTask,
    output: conversation,
  },
  folders: {
    does: "Lists the directories below a directory of the workspace, one level of them.",
    input: z.strictObject({
      path: innerPath.default("").describe("Path of the directory, relative to the workspace root."),
    }),
    output: folderChoices,
  },
  folder_make: {
    does: "Makes one directory below the workspace root.",
    input: z.strictObject({ path: relativeFolder }),
    output: z.strictObject({ path: relativeFolder }),
  },
  task_switch: { does: "Makes a task the active one; answers when it is ready.", input: oneTask, output: taskRecord },
  task_stop: { does: "Ends everything that runs in a task.", input: ofTask, output: taskRecord },
  abort: { does: "Ends the prompt in flight.", input: ofTask, output: commands.abort.result },
  questions: {
    does: "Lists the unanswered questions of a task's agent.",
    input: ofTask,
    output: z.array(dialogQuestion),
  },
  answer: {
    does: "Answers a question of a task's agent.",
    input: ofTask.extend({ question: dialogQuestion.shape.id, answer: dialogAnswer }),
    output: none,
  },
  models: {
    does: "Lists the models of a task's agent.",
    input: ofTask,
    output: commands.pi_get_available_models.result,
  },
  model_set: {
    does: "Chooses the model of a task's agent, also for its next starts.",
    input: ofTask.extend({ model: modelName }),
    output: taskRecord,
  },
  network: {
    does: "Shows what a task may reach besides its folder, and its last requests.",
    input: ofTask,
    output: z.strictObject({
      policy: networkPolicy,
      providers: z.array(providerView).describe("Providers that the task may use."),
      requests: z.array(networkRequest).max(LIMITS.networkRequests).describe("Last requests, the oldest first."),
    }),
  },
  network_set: {
    does: "Replaces the destinations that a task may reach. Its open connections end.",
    input: ofTask.extend({ policy: networkPolicy }),
    output: networkPolicy,
  },
  providers: {
    does: "Lists the providers of models, without addresses and keys. Every task may use them.",
    input: none,
    output: z.array(
      providerView.extend({
        hasKey: z.boolean().nullable().describe("Whether the provider has a key; null where it needs none."),
      }),
    ),
  },
  thinking_set: {
    does: "Chooses how much the model of a task's agent thinks, also for its next starts.",
    input: ofTask.extend({ level: thinkingLevel }),
    output: taskRecord,
  },
  steer: {
    does: "Sends a message to an agent that is working.",
    input: ofTask.extend({
      message: commands.steer.payload.shape.message,
      when: commands.steer.payload.shape.when.default("now"),
    }),
    output: none,
  },
  decisions: {
    does: "Lists what agents may do without asking again.",
    input: z.strictObject({ task: taskId.optional().describe("Task; without it, every task.") }),
    output: z.array(decision),
  },
  decisions_clear: {
    does: "Forgets decisions; agents ask again from then on.",
    input: z.strictObject({
      task: taskId.optional().describe("Task; without it, every task."),
      id: decision.shape.id.optional().describe("Id of the decision; without it, all decisions."),
    }),
    output: z.strictObject({ cleared: z.int().nonnegative().describe("Number of forgotten decisions.") }),
  },
  diag: {
    does: "Reports facts from inside the machines, and the last state changes.",
    input: none,
    output: z.strictObject({
      machines: z
        .array(
          z.strictObject({
            machine: z.string().describe("Id of the machine."),
            qemu: z.array(z.string()).describe("Command line of QEMU."),
            guest: commands.runtime_diag.result,
          }),
        )
        .describe("Machines that answered."),
      silent: z
        .array(
          z.strictObject({
            machine: z.string().describe("Id of the machine."),
            why: z.string().describe("Reason."),
          }),
        )
        .describe("Machines that did not answer, or that the host has no memory to wake."),
      history,
    }),
  },
  machine_answers: {
    does: "Asks QEMU and taskd of every machine at once. The answer names the sides that do not answer in time.",
    input: z.strictObject({
      patienceMs: z.int().positive().max(LONGEST_PATIENCE_MS).describe("Time limit of each side, in milliseconds."),
    }),
    output: z.strictObject({
      confined: z.boolean().describe("Whether every QEMU should be behind all its walls."),
      machines: z.array(machineAnswer).describe("Answers of the machines."),
      history,
    }),
  },
  log_tail: {
    does: "Reads the end of a log of this runtime.",
    input: z.strictObject({ log: z.enum(["piwork", "qemu"]).default("piwork").describe("Name of the log.") }),
    output: z.strictObject({
      text: z.string().describe("Whole lines from the end of the log."),
      truncated: z.boolean().describe("Whether the log has earlier lines."),
    }),
  },
  evidence: {
    does: "Lists the last runs of the suites that left evidence in the directory of logs.",
    input: none,
    output: z.strictObject({ runs: z.array(evidenceRun).max(LIMITS.listedRuns).describe("Runs, the newest first.") }),
  },
  panel: {
    does: "Makes a new address of the panel.",
    input: none,
    output: z.strictObject({
      address: z
        .string()
        .nullable()
        .describe("Address that opens the panel once, within ten minutes; null without a panel."),
    }),
  },
} as const satisfies Record<string, { does: string; input: z.ZodType; output: z.ZodType }>;

/** Calls with many answers: `POST /v1/<name>`, JSON in, one JSON object a line out. */
export const streams = {
  prompt: {
    does: "Sends a prompt and gives its events up to the one that ends it. Leaving the stream does not end the turn.",
    input: ofTask.extend({ message: commands.prompt.payload.shape.message }),
    item: runtimeEvent,
  },
  exec: {
    does: "Runs a command in a task. Leaving the stream ends the command.",
    input: ofTask.extend(commands.system_bash.payload.omit({ taskId: true }).shape),
    item: z.union([
      z
        .strictObject({
          type: z.literal("output").describe("Mark of output."),
          stream: z.enum(["stdout", "stderr"]).describe("Stream that the command wrote to."),
          data: z.string().describe("Output, in base64."),
        })
        .meta({ title: "output of a command", description: "Item of the stream `exec`." }),
      commands.system_bash.result
        .extend({ type: z.literal("exit").describe("Mark of the command's end.") })
        .meta({ title: "end of a command", description: "Last item of the stream `exec`." }),
    ]),
  },
  events: {
    does: "Gives every event from now on, without an end.",
    input: z.strictObject({
      task: taskId.optional().describe("Task of the events; without it, events of every task and of none."),
    }),
    item: z.union([
      z
        .strictObject({
          type: z.literal("subscribed").describe("Mark of the first item."),
          afterSeq: z.int().nonnegative().describe("Number of the last event before the stream's first one."),
        })
        .meta({ title: "start of the events", description: "First item of the stream `events`." }),
      runtimeEvent,
    ]),
  },
} as const satisfies Record<string, { does: string; input: z.ZodType; item: z.ZodType }>;

/** Last item of every stream that fails. */
export const streamFailure = z.strictObject({
  type: z.literal("error").describe("Mark of a failure."),
  error: errorBody,
});

/** Answer to `PUT /v1/uploads/<task>/<name>` with the bytes of the file. */
export const uploaded = z.strictObject({
  name: z.string().describe("Name of the file."),
  bytes: z.int().describe("Size of the file, in bytes."),
});

export type Call = keyof typeof calls;
export type CallInput<C extends Call> = z.input<(typeof calls)[C]["input"]>;
export type CallOutput<C extends Call> = z.infer<(typeof calls)[C]["output"]>;
export type Stream = keyof typeof streams;
export type StreamInput<S extends Stream> = z.input<(typeof streams)[S]["input"]>;
export type StreamItem<S extends Stream> = z.infer<(typeof streams)[S]["item"]>;
export type StreamFailure = z.infer<typeof streamFailure>;
