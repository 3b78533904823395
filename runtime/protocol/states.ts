import * as z from "zod";

export const taskState = z.enum(["missing", "creating", "ready", "active", "idle", "stopped", "errored"]).meta({
  title: "task state",
  description: "State of a task; see [states](#states).",
  values: {
    missing: "Not known to the side that answers. Never stored.",
    creating: "Its files are being mounted and its agent is being started.",
    ready: "Its agent answers; the task was never active since it was opened.",
    active: "The task that is meant where a call names none.",
    idle: "Another task is active; this one goes on working.",
    stopped: "No process of the task runs.",
    errored: "Opening the task failed, or its agent died.",
  },
});
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

export const machineState = z.enum(["booting", "running", "paused", "unresponsive", "stopping", "ended"]).meta({
  title: "machine state",
  description: "State of a machine; see [states](#states).",
  values: {
    booting: "QEMU was started; taskd has not greeted yet.",
    running: "taskd has greeted and proved its mounts.",
    paused: "No request is in flight and the virtual processor stands still; the next request wakes it.",
    unresponsive: "The machine has not answered for a while.",
    stopping: "The machine was asked to end.",
    ended: "QEMU has ended.",
  },
});
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

export const transition = z
  .strictObject({
    at: z
      .number()
      .describe("Time of the change, in milliseconds since the epoch, by the clock of the side that tells."),
    of: z.string().max(64).describe("Id of the task or machine."),
    from: z.union([taskState, machineState]).describe("State before the change."),
    to: z.union([taskState, machineState]).describe("State after the change."),
    why: z.string().max(300).describe("Cause of the change."),
  })
  .meta({ title: "transition", description: "Change of a task's or a machine's state." });
export type Transition = z.infer<typeof transition>;

/** A task that has an agent, or is about to have one. */
export function isOpen(state: TaskState): boolean {
  return state !== "missing" && state !== "stopped" && state !== "errored";
}
