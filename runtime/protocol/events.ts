import * as z from "zod";
import { dialogQuestion } from "./agent.ts";
import { errorBody } from "./errors.ts";
import { requestId, taskId } from "./ids.ts";
import { networkRequest } from "./network.ts";
import { taskState } from "./states.ts";

/** Payloads by the event's name. */
const eventPayloads = {
  task_bootstrap_state: z
    .strictObject({ step: z.string().max(64).describe("Name of the step.") })
    .describe("A step of opening a task begins."),
  task_switch_started: z
    .strictObject({ requestId: requestId.describe("Id of the `switch_task`.") })
    .describe("A `switch_task` was answered and begins."),
  task_ready: z
    .strictObject({ requestId: requestId.describe("Id of the `switch_task`."), state: taskState })
    .describe("A `switch_task` has succeeded."),
  task_error: z
    .strictObject({
      requestId: requestId
        .nullable()
        .describe("Id of the request that this error ends; null where an agent died between two requests."),
      during: z.enum(["switch", "prompt", "idle"]).describe("Kind of request that the error ends; `idle`: none."),
      error: errorBody,
    })
    .describe("A switch or a prompt has failed, or an agent died between two requests."),
  task_stopped: z.strictObject({}).describe("A task has ended in this machine, with all its processes."),
  agent_output: z
    .strictObject({
      requestId: requestId.nullable().describe("Id of the prompt in flight; null outside of a prompt."),
      message: z
        .record(z.string(), z.unknown())
        .describe(
          'Line of pi\'s RPC, unchanged. `{ "type": "unparsed", "text": … }` for a line that is no JSON object.',
        ),
    })
    .describe("The agent wrote a line."),
  agent_end: z
    .strictObject({
      requestId: requestId.describe("Id of the prompt."),
      saved: z.boolean().describe("Whether the session file has this turn; see [order](#order)."),
    })
    .describe("A prompt has ended."),
  exec_output: z
    .strictObject({
      requestId: requestId.describe("Id of the `system_bash`."),
      stream: z.enum(["stdout", "stderr"]).describe("Stream that the command wrote to."),
      data: z
        .string()
        .regex(/^[A-Za-z0-9+/]*={0,2}$/)
        .describe("Output, in base64."),
    })
    .describe("A command wrote output."),
  extension_ui_request: z
    .strictObject({
      requestId: requestId.nullable().describe("Id of the prompt in flight; null outside of a prompt."),
      question: dialogQuestion,
    })
    .describe("The agent asks a question and waits for `extension_ui_response`."),
  runtime_warning: z
    .strictObject({
      requestId: requestId.nullable().describe("Id of the prompt whose turn the warning is about, if any."),
      message: z.string().max(2048).describe("Sentences for a person."),
    })
    .describe("A person should know something. Programs need not react."),
  network_request: networkRequest.describe(
    "A request of the task to its network is over. Only the runtime sends this event, never a machine.",
  ),
} as const;

export type EventName = keyof typeof eventPayloads;

const envelope = {
  type: z.literal("event").describe("Mark of an event."),
  timestamp: z.number().describe("Time of the event, in milliseconds since the epoch, by the sender's clock."),
  taskId: taskId.nullable().describe("Task of the event; null for an event of no task."),
  seq: z.int().positive().describe("Number of the event; rises by one with each event of one sender."),
};

function eventSchema<N extends EventName>(name: N) {
  return z.strictObject({
    ...envelope,
    event: z.literal(name).describe("Name of the event."),
    payload: eventPayloads[name],
  });
}

/** What a machine can say. */
export const machineEvent = z.discriminatedUnion("event", [
  eventSchema("task_bootstrap_state"),
  eventSchema("task_switch_started"),
  eventSchema("task_ready"),
  eventSchema("task_error"),
  eventSchema("task_stopped"),
  eventSchema("agent_output"),
  eventSchema("agent_end"),
  eventSchema("exec_output"),
  eventSchema("extension_ui_request"),
  eventSchema("runtime_warning"),
]);

export const runtimeEvent = z.discriminatedUnion("event", [...machineEvent.options, eventSchema("network_request")]);
export type RuntimeEvent = z.infer<typeof runtimeEvent>;
export type EventPayload<N extends EventName> = z.infer<(typeof eventPayloads)[N]>;
export type EventOf<N extends EventName> = Extract<RuntimeEvent, { event: N }>;
