import * as z from "zod";
import { dialogAnswer, dialogQuestion } from "./agent.ts";
import { boundary } from "./boundary.ts";
import { conversation } from "./conversation.ts";
import { errorBody } from "./errors.ts";
import { runtimeEvent } from "./events.ts";
import { evidenceRun } from "./evidence.ts";
import { decision, policy } from "./facts.ts";
import { area, changes, folderChoices, listing, planted, preview } from "./files.ts";
import { innerPath, relativeFolder, taskId, title } from "./ids.ts";
import { isolation, modelName, thinkingLevel } from "./kinds.ts";
import { LIMITS } from "./limits.ts";
import { LONGEST_PATIENCE_MS, machineAnswer } from "./machine-answers.ts";
import { networkPolicy, networkRequest } from "./network.ts";
import { providerView } from "./providers.ts";
import { taskRecord } from "./record.ts";
import { commands } from "./rpc.ts";
import { machineState, transition } from "./states.ts";
import { taskMemory } from "./task-memory.ts";

const none = z.strictObject({});

/** The task that is meant where a call leaves it out is the active one. */
const ofTask = z.strictObject({ task: taskId.optional() });

/** A folder as a caller names it: absolute, or relative to the workspace root. */
const namedFolder = z.string().min(1, "a folder needs a name").max(4096);

const machineView = z.strictObject({
  id: z.string(),
  state: machineState,
  /** process id of QEMU on the host */
  pid: z.number().int().nullable(),
  memoryMb: z.number().int(),
  /** resident memory of QEMU, in kilobytes */
  residentKb: z.number().int().nullable(),
  /** milliseconds from spawn to the first answer; null while it boots */
  /** the task that it belongs to; null where it belongs to all, or to none yet */
  task: taskId.nullable(),
  bootMs: z.number().nullable(),
  startedAt: z.iso.datetime(),
});

const acceleration = z.strictObject({
  requested: z.enum(["auto", "kvm", "tcg"]),
  used: z.enum(["kvm", "tcg"]),
  reason: z.string(),
});

const statusView = z.strictObject({
  version: z.string(),
  pid: z.number().int(),
  startedAt: z.iso.datetime(),
  workspace: z.string(),
  state: z.string(),
  logs: z.string(),
  isolation,
  /** what all processes of a new task may use, in bytes, where nobody chooses another amount */
  memoryBytes: taskMemory,
  /** what the runtime does before it can open tasks, in words; null once it can */
  starting: z.string().nullable(),
  acceleration: acceleration.nullable(),
  image: z.strictObject({ inputs: z.string(), kernel: z.string(), node: z.string() }).nullable(),
  template: z.strictObject({ key: z.string(), createdAt: z.iso.datetime() }).nullable(),
  machines: z.array(machineView),
  tasks: z.array(taskRecord),
  activeTask: taskId.nullable(),
  /** what a reader must know to judge the walls */
  warnings: z.array(z.string()),
});
export type StatusView = z.infer<typeof statusView>;

const commandEnd = commands.system_bash.result;
const failure = z.strictObject({ type: z.literal("error"), error: errorBody });

/** Calls of the control API that give one answer: `POST /v1/<name>`, JSON in, JSON out. */
export const calls = {
  status: { input: none, output: statusView },
  shutdown: { input: none, output: none },
  task_create: {
    input: z.strictObject({
      title,
      folder: namedFolder.nullable(),
      sharedFolder: z.boolean().optional(),
      /** what it may reach, besides what all new tasks may */
      network: networkPolicy.optional(),
      /** what its agent asks for as well: names of tools, and patterns of paths below /work */
      ask: policy.shape.ask.optional(),
      /** what all its processes may use, in bytes; without it, what the runtime was started with */
      memoryBytes: taskMemory.optional(),
    }),
    output: taskRecord,
  },
  /** gives a task without a folder one; for good */
  task_bind: {
    input: ofTask.extend({ folder: namedFolder, sharedFolder: z.boolean().optional() }),
    output: taskRecord,
  },
  /** ends a task and removes its record, session, outputs, uploads and home; never its folder */
  task_delete: { input: z.strictObject({ task: taskId }), output: none },
  task_list: { input: none, output: z.array(taskRecord) },
  task_show: { input: ofTask, output: taskRecord },
  /** the record, what its agent asks for as well, and what in the folder is dangerous on the host */
  task_inspect: {
    input: ofTask,
    output: z.strictObject({ record: taskRecord, ask: policy.shape.ask, planted }),
  },
  /** a task without a folder has its outputs instead */
  task_files: { input: ofTask.extend({ area: area.default("folder"), path: innerPath.default("") }), output: listing },
  task_preview: {
    input: ofTask.extend({ area: area.default("folder"), path: innerPath, large: z.boolean().default(false) }),
    output: preview,
  },
  task_changes: { input: ofTask, output: changes },
  task_boundary: { input: ofTask, output: boundary },
  conversation: { input: ofTask, output: conversation },
  /** directories below a directory of the workspace */
  folders: { input: z.strictObject({ path: innerPath.default("") }), output: folderChoices },
  folder_make: { input: z.strictObject({ path: relativeFolder }), output: z.strictObject({ path: relativeFolder }) },
  task_switch: { input: z.strictObject({ task: taskId }), output: taskRecord },
  task_stop: { input: ofTask, output: taskRecord },
  abort: { input: ofTask, output: commands.abort.result },
  /** what agents have asked and nobody has answered */
  questions: {
    input: ofTask,
    output: z.array(dialogQuestion),
  },
  answer: {
    input: ofTask.extend({ question: dialogQuestion.shape.id, answer: dialogAnswer }),
    output: none,
  },
  models: { input: ofTask, output: commands.pi_get_available_models.result },
  model_set: { input: ofTask.extend({ model: modelName }), output: taskRecord },
  /** what a task may reach besides its folder, and its last requests, the oldest first */
  network: {
    input: ofTask,
    output: z.strictObject({
      policy: networkPolicy,
      providers: z.array(providerView),
      requests: z.array(networkRequest).max(LIMITS.networkRequests),
    }),
  },
  /** what was open ends, and is allowed anew or not */
  network_set: { input: ofTask.extend({ policy: networkPolicy }), output: networkPolicy },
  /** every task can speak to them; `hasKey`: null for one that takes none */
  providers: { input: none, output: z.array(providerView.extend({ hasKey: z.boolean().nullable() })) },
  thinking_set: { input: ofTask.extend({ level: thinkingLevel }), output: taskRecord },
  steer: {
    input: ofTask.extend({
      message: commands.steer.payload.shape.message,
      when: commands.steer.payload.shape.when.default("now"),
    }),
    output: none,
  },
  /** without a task: of every task */
  decisions: { input: ofTask, output: z.array(decision) },
  decisions_clear: {
    input: ofTask.extend({ id: decision.shape.id.optional() }),
    output: z.strictObject({ cleared: z.number().int().nonnegative() }),
  },
  diag: {
    input: none,
    output: z.strictObject({
      machines: z.array(
        z.strictObject({ machine: z.string(), qemu: z.array(z.string()), guest: commands.runtime_diag.result }),
      ),
      /** those that rest, and that the host has no memory to wake */
      notAsked: z.array(z.strictObject({ machine: z.string(), why: z.string() })),
      /** state changes of tasks and machines, oldest first */
      history: z.array(transition).max(LIMITS.history),
    }),
  },
  /** asks every machine at once; one that does not answer in time is said to be silent */
  machine_answers: {
    input: z.strictObject({ patienceMs: z.number().int().positive().max(LONGEST_PATIENCE_MS) }),
    output: z.strictObject({
      /** every QEMU is meant to stand behind all its walls */
      confined: z.boolean(),
      machines: z.array(machineAnswer),
      /** state changes of tasks and machines, oldest first */
      history: z.array(transition).max(LIMITS.history),
    }),
  },
  log_tail: {
    input: z.strictObject({ log: z.enum(["piwork", "qemu"]).default("piwork") }),
    /** whole lines; `truncated`: there are earlier ones */
    output: z.strictObject({ text: z.string(), truncated: z.boolean() }),
  },
  /** the last runs of the suites, the newest first */
  evidence: { input: none, output: z.strictObject({ runs: z.array(evidenceRun).max(LIMITS.listedRuns) }) },
  /** where the panel is, with the token that opens it; null without one */
  panel: { input: none, output: z.strictObject({ address: z.string().nullable() }) },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>;

/** Calls that give a stream: `POST /v1/<name>`, JSON in, one JSON object a line out; an `error` item is always the last. */
export const streams = {
  prompt: {
    input: z.strictObject({
      task: taskId.optional(),
      message: z.string().min(1, "a prompt needs some text").max(LIMITS.promptCharacters),
    }),
    item: z.union([runtimeEvent, failure]),
  },
  exec: {
    input: z.strictObject({
      task: taskId.optional(),
      argv: commands.system_bash.payload.shape.argv,
      timeoutMs: commands.system_bash.payload.shape.timeoutMs,
      unconfined: commands.system_bash.payload.shape.unconfined,
      without: commands.system_bash.payload.shape.without,
    }),
    item: z.union([
      z.strictObject({ type: z.literal("output"), stream: z.enum(["stdout", "stderr"]), data: z.string() }),
      commandEnd.extend({ type: z.literal("exit") }),
      failure,
    ]),
  },
  /** every event after the one that the first item names */
  events: {
    input: none,
    item: z.union([
      z.strictObject({ type: z.literal("subscribed"), afterSeq: z.number().int().nonnegative() }),
      runtimeEvent,
      failure,
    ]),
  },
} as const satisfies Record<string, { input: z.ZodType; item: z.ZodType }>;

/** `PUT /v1/uploads/<task>/<name>` with the bytes of the file. */
export const uploaded = z.strictObject({ name: z.string(), bytes: z.number().int() });

export type Call = keyof typeof calls;
export type CallInput<C extends Call> = z.input<(typeof calls)[C]["input"]>;
export type CallOutput<C extends Call> = z.infer<(typeof calls)[C]["output"]>;
export type Stream = keyof typeof streams;
export type StreamInput<S extends Stream> = z.input<(typeof streams)[S]["input"]>;
export type StreamItem<S extends Stream> = z.infer<(typeof streams)[S]["item"]>;
