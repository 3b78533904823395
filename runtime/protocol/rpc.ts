// The whole module as `z`: by the name `z` a bundle would get every language of its messages, and each start in the guest 0.4 s.
import * as z from "zod";
import { errorBody } from "./errors.ts";
import { relativeFolder, requestId, taskId, title } from "./ids.ts";
import { LIMITS } from "./limits.ts";

export const PROTOCOL_VERSION = 1;

/** `missing` is what a side answers for an id it does not know; it is never stored. */
export const taskState = z.enum(["missing", "creating", "ready", "active", "idle", "stopped", "errored"]);
export type TaskState = z.infer<typeof taskState>;

export const agentKind = z.enum(["probe", "pi"]);
export type AgentKind = z.infer<typeof agentKind>;

const nonce = z.string().regex(/^[0-9a-f]{32}$/);

/** How the host proves a mount: it wrote `token` into `file`; taskd reads it and writes `reply` beside it. */
const mountProof = z.strictObject({
  tag: z.enum(["workspace", "tasks"]),
  file: z.string().regex(/^\.piwork-mount-[0-9a-f]{32}$/),
  reply: nonce,
});
export type MountProof = z.infer<typeof mountProof>;

const taskView = z.strictObject({
  taskId,
  state: taskState,
  folder: relativeFolder.nullable(),
  agent: agentKind,
  /** process id of the agent in the guest, null while none runs */
  agentPid: z.number().int().positive().nullable(),
  /** request id of the prompt in flight */
  promptId: requestId.nullable(),
  /** request ids of running system_bash commands */
  execIds: z.array(requestId),
});
export type TaskView = z.infer<typeof taskView>;

const empty = z.strictObject({});

/** Every command of the wire: what it takes and what it answers. */
export const commands = {
  runtime_hello: {
    payload: z.strictObject({ protocol: z.number().int().positive(), mounts: z.array(mountProof).max(8) }),
    result: z.strictObject({
      protocol: z.number().int().positive(),
      capabilities: z.array(z.string().max(64)).max(64),
      agents: z.array(agentKind),
      mounts: z.array(z.strictObject({ tag: z.string(), read: z.string().max(64) })),
    }),
  },
  create_or_open_task: {
    payload: z.strictObject({ taskId, title, folder: relativeFolder.nullable(), agent: agentKind }),
    result: taskView,
  },
  switch_task: { payload: z.strictObject({ taskId }), result: taskView },
  prompt: {
    payload: z.strictObject({ taskId, message: z.string().min(1).max(LIMITS.promptCharacters) }),
    result: empty,
  },
  abort: {
    /** with `request`: that system_bash; without: the prompt in flight */
    payload: z.strictObject({ taskId, request: requestId.optional() }),
    result: z.strictObject({ aborted: z.boolean() }),
  },
  stop_task: { payload: z.strictObject({ taskId }), result: taskView },
  system_bash: {
    payload: z.strictObject({
      taskId,
      argv: z
        .array(
          z
            .string()
            .refine((word) => !word.includes("\0"), "a word has no NUL")
            .refine(
              (word) => Buffer.byteLength(word) <= LIMITS.execWordBytes,
              `a word has at most ${LIMITS.execWordBytes} bytes`,
            ),
        )
        .min(1)
        .max(LIMITS.execWords),
      /** milliseconds until the whole process tree is killed */
      timeoutMs: z.number().int().positive().max(LIMITS.execTimeoutMs).optional(),
    }),
    result: z.strictObject({
      /** exit code; 128 + n when signal n ended it */
      code: z.number().int().min(0).max(255),
      timedOut: z.boolean(),
      stdoutBytes: z.number().int().nonnegative(),
      stderrBytes: z.number().int().nonnegative(),
    }),
  },
  runtime_get_state: {
    payload: empty,
    result: z.strictObject({ activeTaskId: taskId.nullable(), tasks: z.array(taskView) }),
  },
  runtime_diag: {
    payload: empty,
    result: z.strictObject({
      /** monotonic clock of the guest, in milliseconds */
      monotonicMs: z.number(),
      /** wall clock of the guest, in milliseconds since the epoch */
      wallMs: z.number(),
      kernel: z.string().max(256),
      node: z.string().max(64),
      clocksource: z.string().max(64),
      /** who may open taskd's port: owner, and mode in octal */
      port: z.strictObject({ uid: z.number().int(), mode: z.string().regex(/^[0-7]{1,4}$/) }),
      memoryTotalKb: z.number().int(),
      memoryAvailableKb: z.number().int(),
      mounts: z
        .array(z.strictObject({ target: z.string().max(256), type: z.string().max(64), options: z.string().max(1024) }))
        .max(256),
    }),
  },
} as const satisfies Record<string, { payload: z.ZodType; result: z.ZodType }>;

export type Command = keyof typeof commands;
export type Payload<C extends Command> = z.infer<(typeof commands)[C]["payload"]>;
export type Result<C extends Command> = z.infer<(typeof commands)[C]["result"]>;

/** The frame of a request; the payload is checked against its command afterwards, so that a refusal can carry the id. */
export const requestFrame = z.strictObject({
  id: requestId,
  type: z.string().max(64),
  payload: z.record(z.string(), z.unknown()),
});
export type RequestFrame = z.infer<typeof requestFrame>;

export const answerFrame = z.discriminatedUnion("ok", [
  z.strictObject({ id: requestId, ok: z.literal(true), result: z.unknown() }),
  z.strictObject({ id: requestId.nullable(), ok: z.literal(false), error: errorBody }),
]);
export type AnswerFrame = z.infer<typeof answerFrame>;

export function isCommand(name: string): name is Command {
  return Object.hasOwn(commands, name);
}

/** Name of the virtio-serial port between the bridge and taskd. */
export const TASKD_PORT = "piwork.taskd";

/** Uid and gid of every task in the guest; QEMU's user namespace maps it to the runtime's user on the host. */
export const TASK_UID = 20001;
