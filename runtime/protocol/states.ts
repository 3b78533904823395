import * as z from "zod";

/** `missing` is what a side answers for an id it does not know; it is never stored. */
export const taskState = z.enum(["missing", "creating", "ready", "active", "idle", "stopped", "errored"]);
export type TaskState = z.infer<typeof taskState>;

/** The states that may follow each state of a task. */
export const TASK_TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  missing: ["creating"],
  creating: ["ready", "stopped", "errored"],
  ready: ["active", "stopped", "errored"],
  active: ["idle", "stopped", "errored"],
  idle: ["active", "stopped", "errored"],
  stopped: ["creating", "errored", "missing"],
  errored: ["creating", "stopped", "missing"],
};

export const machineState = z.enum(["booting", "running", "paused", "unresponsive", "stopping", "ended"]);
export type MachineState = z.infer<typeof machineState>;

/** The states that may follow each state of a machine. */
export const MACHINE_TRANSITIONS: Readonly<Record<MachineState, readonly MachineState[]>> = {
  booting: ["running", "ended"],
  running: ["paused", "unresponsive", "stopping", "ended"],
  paused: ["running", "stopping", "ended"],
  unresponsive: ["running", "stopping", "ended"],
  stopping: ["ended"],
  ended: [],
};

/** One change of a task's or a machine's state, as a side remembers it. */
export const transition = z.strictObject({
  /** milliseconds since the epoch, by the clock of the side */
  at: z.number(),
  /** the task, or the machine */
  of: z.string().max(64),
  from: z.union([taskState, machineState]),
  to: z.union([taskState, machineState]),
  /** what brought it about */
  why: z.string().max(300),
});
export type Transition = z.infer<typeof transition>;

/** A task that has an agent, or is about to have one. */
export function isOpen(state: TaskState): boolean {
  return state !== "missing" && state !== "stopped" && state !== "errored";
}
