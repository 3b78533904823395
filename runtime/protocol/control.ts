import * as z from "zod";
import { errorBody } from "./errors.ts";
import { runtimeEvent } from "./events.ts";
import { taskId, title } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { taskRecord } from "./record.ts";
import { commands } from "./rpc.ts";

const none = z.strictObject({});

/** The task that is meant where a call leaves it out is the active one. */
const ofTask = z.strictObject({ task: taskId.optional() });

const machineView = z.strictObject({
  id: z.string(),
  state: z.enum(["running", "stopping", "ended"]),
  /** process id of QEMU on the host */
  pid: z.number().int().nullable(),
  memoryMb: z.number().int(),
  /** resident memory of QEMU, in kilobytes */
  residentKb: z.number().int().nullable(),
  /** milliseconds from spawn to the first answer */
  bootMs: z.number(),
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
  isolation: z.enum(["shared", "vm"]),
  /** what the runtime does at the moment, in words; null when it waits for requests */
  starting: z.string().nullable(),
  acceleration: acceleration.nullable(),
  image: z.strictObject({ inputs: z.string(), kernel: z.string(), node: z.string() }).nullable(),
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
  task_create: { input: z.strictObject({ title, folder: z.string().max(4096).nullable() }), output: taskRecord },
  task_list: { input: none, output: z.array(taskRecord) },
  task_show: { input: ofTask, output: taskRecord },
  task_switch: { input: z.strictObject({ task: taskId }), output: taskRecord },
  task_stop: { input: ofTask, output: taskRecord },
  abort: { input: ofTask, output: commands.abort.result },
  diag: {
    input: none,
    output: z.array(
      z.strictObject({ machine: z.string(), qemu: z.array(z.string()), guest: commands.runtime_diag.result }),
    ),
  },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>;

/** Calls that give a stream: `POST /v1/<name>`, JSON in, one JSON object a line out; an `error` item is always the last. */
export const streams = {
  prompt: {
    input: z.strictObject({ task: taskId.optional(), message: z.string().min(1).max(LIMITS.promptCharacters) }),
    item: z.union([runtimeEvent, failure]),
  },
  exec: {
    input: z.strictObject({
      task: taskId.optional(),
      argv: commands.system_bash.payload.shape.argv,
      timeoutMs: commands.system_bash.payload.shape.timeoutMs,
    }),
    item: z.union([
      z.strictObject({ type: z.literal("output"), stream: z.enum(["stdout", "stderr"]), data: z.string() }),
      commandEnd.extend({ type: z.literal("exit") }),
      failure,
    ]),
  },
  events: { input: none, item: z.union([runtimeEvent, failure]) },
} as const satisfies Record<string, { input: z.ZodType; item: z.ZodType }>;

export type Call = keyof typeof calls;
export type CallInput<C extends Call> = z.input<(typeof calls)[C]["input"]>;
export type CallOutput<C extends Call> = z.infer<(typeof calls)[C]["output"]>;
export type Stream = keyof typeof streams;
export type StreamInput<S extends Stream> = z.input<(typeof streams)[S]["input"]>;
export type StreamItem<S extends Stream> = z.infer<(typeof streams)[S]["item"]>;
