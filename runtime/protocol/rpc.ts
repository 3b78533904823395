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

const taskView = z
  .strictObject({
    taskId,
    state: taskState,
    folder: relativeFolder.nullable().describe("Folder of the task; null where none is bound."),
    agent: agentKind,
    turns: z.int().nonnegative().describe("Number of completed turns in its session."),
    agentPid: z.int().positive().nullable().describe("Process id of the agent in the guest; null while none runs."),
    promptId: requestId.nullable().describe("Request id of the prompt in flight, if any."),
    execIds: z.array(requestId).describe("Request ids of its running `system_bash` commands."),
    questions: z
      .array(dialogQuestion)
      .optional()
      .describe("Unanswered questions of the agent; only in an answer about this task alone."),
  })
  .meta({ title: "task view", description: "Task as its taskd sees it." });
export type TaskView = z.infer<typeof taskView>;

const empty = z.strictObject({});

/** Every command of the wire: what it does, what it takes, and what it answers. */
export const commands = {
  runtime_hello: {
    does: "Greets on a new link: agrees on the protocol, takes in the files of the machine, and asks for missed events.",
    payload: z.strictObject({
      protocol: z.int().positive().describe("Version of the host's protocol."),
      files: givenFiles
        .nullable()
        .describe("Files that the machine has for all tasks; null: none, or known from before."),
      afterSeq: z.int().nonnegative().describe("Number of the last event that the host has; 0 for none."),
      time: z
        .int()
        .positive()
        .max(LATEST_TIME)
        .describe("Time to set the machine's clock to, in milliseconds since the epoch."),
      entropy: z
        .string()
        .length(128)
        .refine(isHexadecimal)
        .describe("64 random bytes for the machine's kernel, in hexadecimal; unique to this machine."),
    }),
    result: z.strictObject({
      protocol: z.int().positive().describe("Version of taskd's protocol."),
      capabilities: z.array(z.string().max(64)).max(64).describe("Optional features of this taskd."),
      agents: z.array(agentKind).describe("Agents that the machine has."),
      unsafe: z
        .boolean()
        .describe(
          "Whether the machine was started to be attacked, by its kernel's command line: the host may run commands as its root.",
        ),
    }),
  },
  runtime_warm: {
    does: "Starts agents ahead of their tasks, in slots behind all walls, until `slots` of them wait. The next tasks with this agent get them.",
    payload: z.strictObject({
      agent: agentKind,
      slots: z.int().nonnegative().max(LIMITS.warmSlots).describe("Number of waiting agents to reach."),
    }),
    result: z.strictObject({ slots: z.int().nonnegative().describe("Number of waiting agents.") }),
  },
  runtime_prove: {
    does: "Starts an agent, tries every request that taskd sends to agents, and ends it. Another answer than the expected one is a `TASK_BOOTSTRAP_FAILED` that says which.",
    payload: z.strictObject({ agent: agentKind }),
    result: z.strictObject({ version: z.string().max(64).describe("Version of the agent.") }),
  },
  runtime_unmount: {
    does: "Unmounts what files come from, so that the machine can be saved. Refused with `TASK_BUSY` while a task is open.",
    payload: empty,
    result: empty,
  },
  runtime_settle: {
    does: "Flushes all written data to the host and counts the processes of tasks. A machine without any can be paused.",
    payload: empty,
    result: z.strictObject({
      processes: z.int().nonnegative().describe("Number of processes of tasks, without agents that wait for a prompt."),
    }),
  },
  create_or_open_task: {
    does: "Makes a task known to this taskd, mounts its folder and starts its agent. For an open task it only binds a folder, where the task has none and nothing runs in it (`TASK_BUSY`); another folder than the bound one is a `WORKSPACE_POLICY_VIOLATION`, another agent an `INVALID_REQUEST`.",
    payload: z.strictObject({
      taskId,
      title,
      folder: relativeFolder.nullable().describe("Folder to mount at /work; null: the task's outputs."),
      agent: agentKind,
      model: modelName.nullable().describe("Model of the agent; null: the agent's own choice."),
      thinking: thinkingLevel.nullable().describe("Thinking level of the agent; null: the agent's own choice."),
      providers: z
        .array(providerView)
        .max(16)
        .describe(
          "Providers that the agent may use, through the task's own proxy. A running agent keeps those it has.",
        ),
      permissions,
      memoryBytes: taskMemory.describe(
        "Memory of all processes of the task together, in bytes. The machine must have it, or be getting it.",
      ),
      files: givenFiles.describe("Files of the task."),
    }),
    result: taskView,
  },
  switch_task: {
    does: "Makes a task the active one, and starts its agent again where it has died.",
    payload: z.strictObject({ taskId }),
    result: taskView,
  },
  prompt: {
    does: "Sends a prompt to the agent. The answer confirms that the agent has it; the rest arrives as events.",
    payload: z.strictObject({
      taskId,
      message: z
        .string()
        .min(1, "a prompt needs some text")
        .max(LIMITS.promptCharacters)
        .describe("Text of the prompt."),
    }),
    result: empty,
  },
  steer: {
    does: "Sends a message to an agent that is working. Without a prompt in flight: `TASK_NOT_READY`.",
    payload: z.strictObject({
      taskId,
      message: z
        .string()
        .min(1, "a message needs some text")
        .max(LIMITS.promptCharacters)
        .describe("Text of the message."),
      when: z
        .enum(["now", "after"])
        .describe("Time at which the agent reads it. `now`: before its next step. `after`: when it would have ended."),
    }),
    result: empty,
  },
  abort: {
    does: "Ends the prompt in flight, or one `system_bash`. An aborted prompt still ends with its event; an agent that does not end its turn is killed.",
    payload: z.strictObject({
      taskId,
      request: requestId.optional().describe("Id of the `system_bash` to end; without it, the prompt in flight."),
    }),
    result: z.strictObject({ aborted: z.boolean().describe("False where there was nothing to end.") }),
  },
  stop_task: {
    does: "Ends the agent and every command of a task and forgets the task. Its files stay.",
    payload: z.strictObject({ taskId }),
    result: taskView,
  },
  system_bash: {
    does: "Runs a command inside a task's walls, in its folder, with an empty standard input. Its output arrives as `exec_output`, its answer when it has ended.",
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
        .refine(([program]) => program !== "", "the command has no name")
        .describe("Program and its arguments."),
      timeoutMs: z
        .int()
        .positive()
        .max(LIMITS.execTimeoutMs)
        .optional()
        .describe("Time after which the whole process tree is killed, in milliseconds; without it, there is no limit."),
      unconfined: z
        .literal(true)
        .optional()
        .describe("Runs as the machine's root, outside of every wall; only in an unsafe machine."),
      without: z
        .array(taskLayer)
        .max(taskLayer.options.length)
        .optional()
        .describe("Layers of the walls to leave out; only in an unsafe machine."),
    }),
    result: z.strictObject({
      code: z.int().min(0).max(255).describe("Exit code; 128 + n where signal n ended the command."),
      timedOut: z.boolean().describe("Whether the time limit ended the command."),
      outOfMemory: z
        .string()
        .max(500)
        .nullable()
        .describe("Report on processes of the task that were killed meanwhile because its memory was full, if any."),
      stdoutBytes: z.int().nonnegative().describe("Size of its standard output, in bytes."),
      stderrBytes: z.int().nonnegative().describe("Size of its standard error, in bytes."),
    }),
  },
  extension_ui_response: {
    does: "Answers a question that came with `extension_ui_request`: once, and before its prompt ends.",
    payload: z.strictObject({ taskId, question: dialogQuestion.shape.id, answer: dialogAnswer }),
    result: empty,
  },
  pi_get_available_models: {
    does: "Lists the models of the agent.",
    payload: z.strictObject({ taskId }),
    result: z.strictObject({
      models: z.array(modelName).max(1000).describe("Models that the agent can use."),
      current: modelName.nullable().describe("Model that the agent uses, if any."),
    }),
  },
  pi_set_model: {
    does: "Chooses the agent's model.",
    payload: z.strictObject({ taskId, model: modelName }),
    result: z.strictObject({ model: modelName }),
  },
  pi_set_thinking: {
    does: "Chooses how much the agent's model thinks. The answer has the level that is used: the nearest one that the model has.",
    payload: z.strictObject({ taskId, level: thinkingLevel }),
    result: z.strictObject({ level: thinkingLevel }),
  },
  task_permissions: {
    does: "Replaces the rules by which the agent's tool calls need permission.",
    payload: z.strictObject({ taskId, permissions }),
    result: empty,
  },
  runtime_get_state: {
    does: "Lists the open tasks and what they are doing.",
    payload: z.strictObject({
      taskId: taskId.optional().describe("Task to list, with its questions; without it, every task."),
    }),
    result: z.strictObject({
      activeTaskId: taskId.nullable().describe("Active task, if any."),
      tasks: z.array(taskView).describe("Open tasks."),
    }),
  },
  runtime_diag: {
    does: "Reports facts about the machine's kernel, its memory and taskd itself.",
    payload: empty,
    result: z
      .strictObject({
        monotonicMs: z.number().describe("Monotonic clock of the guest, in milliseconds."),
        wallMs: z.number().describe("Wall clock of the guest, in milliseconds since the epoch."),
        kernel: z.string().max(256).describe("Version of the kernel."),
        node: z.string().max(64).describe("Version of Node."),
        clocksource: z.string().max(64).describe("Clock source of the kernel."),
        port: z
          .strictObject({
            uid: z.int().describe("Owner of the device file."),
            mode: z
              .string()
              .regex(/^[0-7]{1,4}$/)
              .describe("Permissions of the device file, in octal."),
          })
          .describe("Access to taskd's port."),
        memoryTotalKb: z.int().describe("Memory of the machine, in kilobytes."),
        memoryAvailableKb: z.int().describe("Available memory of the machine, in kilobytes."),
        taskdResidentKb: z.int().describe("Resident memory of taskd, in kilobytes."),
        taskdPeakKb: z.int().describe("Peak of taskd's resident memory, in kilobytes."),
        events: z
          .strictObject({
            sent: z.int().describe("Number of the last event that was sent."),
            acknowledged: z.int().describe("Number of the last event that the host has."),
          })
          .describe("Progress of the events."),
        history: z.array(transition).max(LIMITS.history).describe("State changes of tasks, the oldest first."),
        walls: z
          .array(
            z.strictObject({
              taskId,
              layers: z
                .array(
                  z.strictObject({
                    layer: taskLayer,
                    holds: z.boolean().describe("Whether the wall stands."),
                    seen: z.string().max(2000).describe("What the kernel reports."),
                  }),
                )
                .describe("Walls around the task's agent."),
            }),
          )
          .describe("Walls of the tasks whose agent runs, as the kernel reports them."),
        mounts: z
          .array(
            z.strictObject({
              target: z.string().max(256).describe("Mount point."),
              type: z.string().max(64).describe("Type of the file system."),
              options: z.string().max(1024).describe("Mount options."),
            }),
          )
          .max(256)
          .describe("Mounts of taskd."),
      })
      .meta({ title: "diagnosis", description: "Facts about a machine, read inside it." }),
  },
} as const satisfies Record<string, { does: string; payload: z.ZodType; result: z.ZodType }>;

export type Command = keyof typeof commands;
export type Payload<C extends Command> = z.infer<(typeof commands)[C]["payload"]>;
export type Result<C extends Command> = z.infer<(typeof commands)[C]["result"]>;

/** The frame of a request; the payload is checked against its command afterwards, so that a refusal can carry the id. */
export const requestFrame = z.strictObject({
  id: requestId,
  type: z.string().max(64).describe("Name of a [command](#commands)."),
  payload: z.record(z.string(), z.unknown()).describe("Payload of the command."),
});
export type RequestFrame = z.infer<typeof requestFrame>;

export const answerFrame = z.discriminatedUnion("ok", [
  z.strictObject({
    id: requestId.describe("Id of the request; null where the request had none that could be read."),
    ok: z.literal(true).describe("The request succeeded."),
    result: z.unknown().describe("Result of the command."),
  }),
  z.strictObject({
    id: requestId.nullable().describe("Id of the request; null where the request had none that could be read."),
    ok: z.literal(false).describe("The request was refused, or failed."),
    error: errorBody,
  }),
]);
export type AnswerFrame = z.infer<typeof answerFrame>;

export const ackFrame = z.strictObject({
  type: z.literal("ack").describe("Mark of an acknowledgement."),
  seq: z.int().nonnegative().describe("Number of the last event that the host has."),
  taken: z
    .record(requestId, z.int().nonnegative())
    .describe(
      "Output of each running command that was delivered, in bytes since its start, by request id; a short piece counts as `minimumChunkCharge`.",
    ),
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
