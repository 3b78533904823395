// The whole module as `z`: by the name `z` a bundle would get every language of its messages, and each start in the guest 0.4 s.
import * as z from "zod";
import { dialogAnswer, dialogQuestion } from "./agent.ts";
import { errorBody } from "./errors.ts";
import { permissions } from "./facts.ts";
import { givenFiles } from "./given-files.ts";
import { relativeFolder, requestId, taskId, title } from "./ids.ts";
import { agentKind, modelName, thinkingLevel } from "./kinds.ts";
import { taskLayer } from "./layers.ts";
import { LIMITS } from "./limits.ts";
import { providerView } from "./providers.ts";
import { taskState, transition } from "./states.ts";
import { taskMemory } from "./task-memory.ts";

export const PROTOCOL_VERSION = 5;

/** The year 2100: a clock that is further ahead is a mistake. */
const LATEST_TIME = Date.UTC(2100, 0);

/** A regular expression for so many digits becomes a lot of code, which a clone would run before anything else. */
const isHexadecimal = (digits: string) => Buffer.from(digits, "hex").length * 2 === digits.length;

const taskView = z.strictObject({
  taskId,
  state: taskState,
  folder: relativeFolder.nullable(),
  agent: agentKind,
  /** completed turns in its session */
  turns: z.number().int().nonnegative(),
  /** process id of the agent in the guest, null while none runs */
  agentPid: z.number().int().positive().nullable(),
  /** request id of the prompt in flight */
  promptId: requestId.nullable(),
  /** request ids of running system_bash commands */
  execIds: z.array(requestId),
  /** what the agent has asked and nobody has answered; only where this task alone was asked for */
  questions: z.array(dialogQuestion).optional(),
});
export type TaskView = z.infer<typeof taskView>;

const empty = z.strictObject({});

/** Every command of the wire: what it takes and what it answers. */
export const commands = {
  runtime_hello: {
    /** the first request on every link; events after `afterSeq` are sent again */
    payload: z.strictObject({
      protocol: z.number().int().positive(),
      /** files that the machine gets before it is known which tasks get them; null: none, or it has them already */
      files: givenFiles.nullable(),
      afterSeq: z.number().int().nonnegative(),
      /** the host's clock, in milliseconds since the epoch; the machine's is set by it */
      time: z.number().int().positive().max(LATEST_TIME),
      /** random bytes that no other machine was given, for the machine's kernel */
      entropy: z.string().length(128).refine(isHexadecimal),
    }),
    result: z.strictObject({
      protocol: z.number().int().positive(),
      capabilities: z.array(z.string().max(64)).max(64),
      agents: z.array(agentKind),
      /** the machine was started to be attacked, by a word on its kernel's command line: whoever controls the link is its root */
      unsafe: z.boolean(),
    }),
  },
  /** starts agents ahead of their tasks, until so many wait; they are given to the next tasks */
  runtime_warm: {
    payload: z.strictObject({ agent: agentKind, slots: z.number().int().nonnegative().max(LIMITS.warmSlots) }),
    result: z.strictObject({ slots: z.number().int().nonnegative() }),
  },
  /** tries whether an agent is the one that this taskd was made for */
  runtime_prove: {
    payload: z.strictObject({ agent: agentKind }),
    result: z.strictObject({ version: z.string().max(64) }),
  },
  /** takes away what files come from, for a machine that is to be saved; refused while a task is open */
  runtime_unmount: { payload: empty, result: empty },
  /** has what was written reach the host, and says whether anything but idle agents is there */
  runtime_settle: {
    payload: empty,
    result: z.strictObject({
      /** processes of tasks, without those of agents that wait for a prompt */
      processes: z.number().int().nonnegative(),
    }),
  },
  /** for a task that is open: binds its folder where it has none yet */
  create_or_open_task: {
    payload: z.strictObject({
      taskId,
      title,
      folder: relativeFolder.nullable(),
      agent: agentKind,
      model: modelName.nullable(),
      /** null: the agent's own choice */
      thinking: thinkingLevel.nullable(),
      /** whose models the agent may use, by routes of the task's own proxy; for an agent that runs they are what they were */
      providers: z.array(providerView).max(16),
      permissions,
      /** what all processes of the task may use; the machine has to have it, or be getting it */
      memoryBytes: taskMemory,
      /** the task's files, as the path says that they take */
      files: givenFiles,
    }),
    result: taskView,
  },
  switch_task: { payload: z.strictObject({ taskId }), result: taskView },
  prompt: {
    payload: z.strictObject({
      taskId,
      message: z.string().min(1, "a prompt needs some text").max(LIMITS.promptCharacters),
    }),
    result: empty,
  },
  /** says something to an agent that works: `now`, before it goes on, or `after` it would have ended; refused while it does not */
  steer: {
    payload: z.strictObject({
      taskId,
      message: z.string().min(1, "a message needs some text").max(LIMITS.promptCharacters),
      when: z.enum(["now", "after"]),
    }),
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
        .max(LIMITS.execWords)
        .refine(([program]) => program !== "", "the command has no name"),
      /** milliseconds until the whole process tree is killed */
      timeoutMs: z.number().int().positive().max(LIMITS.execTimeoutMs).optional(),
      /** as the machine's root, outside of every wall: only in an unsafe machine */
      unconfined: z.literal(true).optional(),
      /** layers of the walls that are left out: only in an unsafe machine */
      without: z.array(taskLayer).max(taskLayer.options.length).optional(),
    }),
    result: z.strictObject({
      /** exit code; 128 + n when signal n ended it */
      code: z.number().int().min(0).max(255),
      timedOut: z.boolean(),
      /** why processes of the task were ended meanwhile, where memory was the reason */
      outOfMemory: z.string().max(500).nullable(),
      stdoutBytes: z.number().int().nonnegative(),
      stderrBytes: z.number().int().nonnegative(),
    }),
  },
  extension_ui_response: {
    payload: z.strictObject({ taskId, question: dialogQuestion.shape.id, answer: dialogAnswer }),
    result: empty,
  },
  pi_get_available_models: {
    payload: z.strictObject({ taskId }),
    result: z.strictObject({ models: z.array(modelName).max(1000), current: modelName.nullable() }),
  },
  pi_set_model: { payload: z.strictObject({ taskId, model: modelName }), result: z.strictObject({ model: modelName }) },
  /** answers with the level that its model has nearest to it */
  pi_set_thinking: {
    payload: z.strictObject({ taskId, level: thinkingLevel }),
    result: z.strictObject({ level: thinkingLevel }),
  },
  /** what the agent's tool calls are asked for, from now on */
  task_permissions: { payload: z.strictObject({ taskId, permissions }), result: empty },
  /** of every task, or of one with its questions */
  runtime_get_state: {
    payload: z.strictObject({ taskId: taskId.optional() }),
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
      /** memory of taskd itself, in kilobytes */
      taskdResidentKb: z.number().int(),
      /** the most it ever was */
      taskdPeakKb: z.number().int(),
      /** events sent, and the last of them that the host has */
      events: z.strictObject({ sent: z.number().int(), acknowledged: z.number().int() }),
      /** state changes of tasks, oldest first */
      history: z.array(transition).max(LIMITS.history),
      /** the layers around each task's agent, read back from the kernel; none where no agent runs */
      walls: z.array(
        z.strictObject({
          taskId,
          layers: z.array(z.strictObject({ layer: taskLayer, holds: z.boolean(), seen: z.string().max(2000) })),
        }),
      ),
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

/** What the host has taken in. It has no id and gets no answer. */
export const ackFrame = z.strictObject({
  type: z.literal("ack"),
  /** every event up to this one */
  seq: z.number().int().nonnegative(),
  /** bytes of each command's output that were passed on, by request id; a short piece counts as `execLeastBytes` */
  taken: z.record(requestId, z.number().int().nonnegative()),
});
export type AckFrame = z.infer<typeof ackFrame>;

export function isCommand(name: string): name is Command {
  return Object.hasOwn(commands, name);
}

/** Name of the virtio-serial port between the bridge and taskd. */
export const TASKD_PORT = "piwork.taskd";

/** Word on the kernel's command line of a machine that the harness attacks. */
export const UNSAFE_WORD = "piwork.unsafe";

/** Uid and gid of every task in the guest; QEMU's user namespace maps it to the runtime's user on the host. */
export const TASK_UID = 20001;
