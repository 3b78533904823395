import * as z from "zod";
import { dialogQuestion } from "./agent.ts";
import { errorBody } from "./errors.ts";
import { requestId, taskId } from "./ids.ts";
import { networkRequest } from "./network.ts";
import { taskState } from "./states.ts";

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** What an event carries, by its name. */
const eventPayloads = {
  task_bootstrap_state: z.strictObject({ step: z.string().max(64) }),
  task_switch_started: z.strictObject({ requestId }),
  task_ready: z.strictObject({ requestId, state: taskState }),
  task_error: z.strictObject({
    /** the request this error ends; null when an agent died while nothing was asked of it */
    requestId: requestId.nullable(),
    during: z.enum(["switch", "prompt", "idle"]),
    error: errorBody,
  }),
  task_stopped: z.strictObject({}),
  /** one line of the agent's own protocol, passed on as it is */
  agent_output: z.strictObject({ requestId: requestId.nullable(), message: z.record(z.string(), z.unknown()) }),
  /** `saved`: the session file has this turn */
  agent_end: z.strictObject({ requestId, saved: z.boolean() }),
  exec_output: z.strictObject({ requestId, stream: z.enum(["stdout", "stderr"]), data: base64 }),
  /** the agent waits for an answer */
  extension_ui_request: z.strictObject({ requestId: requestId.nullable(), question: dialogQuestion }),
  /** `requestId`: the prompt whose turn this is about */
  runtime_warning: z.strictObject({ requestId: requestId.nullable(), message: z.string().max(2048) }),
  /** a request of the task to its network is over; the host says so, and no machine can */
  network_request: networkRequest,
} as const;

export type EventName = keyof typeof eventPayloads;

const envelope = {
  type: z.literal("event"),
  /** milliseconds since the epoch, by the clock of the sender */
  timestamp: z.number(),
  taskId: taskId.nullable(),
  /** rises by one with each event of one taskd */
  seq: z.number().int().positive(),
};

function eventSchema<N extends EventName>(name: N) {
  return z.strictObject({ ...envelope, event: z.literal(name), payload: eventPayloads[name] });
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
