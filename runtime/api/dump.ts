import * as z from "zod";
import { taskId } from "../protocol/ids.ts";
import { commands } from "../protocol/rpc.ts";
import { sessionHead } from "../protocol/session.ts";
import { transition } from "../protocol/states.ts";
import { answerOf } from "./answer.ts";
import { boundary } from "./boundary.ts";
import { calls } from "./calls.ts";
import { contradiction } from "./contradiction.ts";
import { planted } from "./files.ts";
import { machineAnswer } from "./machine-answers.ts";
import { taskRecord } from "./record.ts";
import { statusView } from "./status.ts";

const taskView = commands.runtime_get_state.result.shape.tasks.element;

/** A QEMU that has its sockets where this runtime's machines have them, as the host's kernel knows it. */
const qemuProcess = z.strictObject({
  pid: z.int().positive(),
  /** the kernel's letter for what it does; T: stopped by a signal, Z: it has ended and nobody has buried it */
  state: z.string().length(1),
  /** the walls around it */
  walls: boundary.shape.qemu,
  /** the directories of the host that it sees below its exports; null where it has no view of its own */
  exports: z.array(z.strictObject({ at: z.string(), from: z.string() })).nullable(),
});
export type QemuProcess = z.infer<typeof qemuProcess>;

const machineSides = z.strictObject({
  id: z.string(),
  /** null: the runtime has no such machine; its state as it was when QEMU was asked */
  runtime: statusView.shape.machines.element.nullable(),
  /** it is coming up or ending, or changed its task while the sides were asked: what they say is not compared */
  underway: z.boolean(),
  qemu: machineAnswer.shape.qemu,
  taskd: machineAnswer.shape.taskd,
  host: z.strictObject({
    processes: z.array(qemuProcess),
    /** names in the directory of its sockets; null where there is no such directory */
    sockets: z.array(z.string()).nullable(),
  }),
});
export type MachineSides = z.infer<typeof machineSides>;

/** The session file of a task, by its first line. A machine wrote it, so it may be anything. */
const sessionFile = z.union([
  z.strictObject({ is: z.enum(["absent", "unreadable"]) }),
  z.strictObject({ is: z.literal("saved"), head: sessionHead }),
]);

const taskSides = z.strictObject({
  id: taskId,
  /** null: the runtime has no such task */
  runtime: z
    .strictObject({
      record: taskRecord,
      /** it is being opened, bound or stopped, or changed while the sides were asked: what they say is not compared */
      underway: z.boolean(),
      /** its last change of state that the runtime remembers; one that was parked says so here */
      lastChange: transition.nullable(),
    })
    .nullable(),
  /** the machine it is in; null where the runtime has none for it */
  machine: z.string().nullable(),
  /** null: that machine's taskd has no such task */
  taskd: answerOf(taskView.nullable()),
  panel: answerOf(taskRecord.nullable()),
  host: z.strictObject({
    record: answerOf(taskRecord.nullable()),
    /** since when what it keeps is there; null where it is not */
    keptSince: z.iso.datetime().nullable(),
    session: sessionFile,
  }),
  /** what in its folder is dangerous on the host */
  planted: answerOf(planted),
  /** what it may reach outside, and what it asked for last */
  network: answerOf(calls.network.output),
});
export type TaskSides = z.infer<typeof taskSides>;

/** All sides, asked once. */
const stateSnapshot = z.strictObject({
  takenAt: z.iso.datetime(),
  /** where the runtime keeps its state, by which it is found */
  state: z.string(),
  runtime: answerOf(z.strictObject({ status: statusView, confined: z.boolean(), history: z.array(transition) })),
  panel: answerOf(statusView.pick({ pid: true, activeTask: true, tasks: true })),
  host: z.strictObject({
    /** where the folders of tasks are, by the name that exports go by; null while the runtime is silent */
    workspace: z.string().nullable(),
    /** where tasks keep their things, by the same name */
    tasks: z.string(),
    /** the task that a file names as the active one */
    activeTask: answerOf(taskId.nullable()),
  }),
  machines: z.array(machineSides),
  tasks: z.array(taskSides),
});
export type StateSnapshot = z.infer<typeof stateSnapshot>;

/** What `piwork dump-state --json` prints. */
export const stateDump = z.strictObject({
  schema: z.literal(2),
  ...stateSnapshot.shape,
  /** how often the sides were asked: a contradiction that is named stood each time */
  takes: z.int().positive(),
  contradictions: z.array(contradiction),
  /** what differed at the last time as well, in other words each time: it may have moved, and may have been moved on purpose */
  unsettled: z.int().nonnegative(),
});
export type StateDump = z.infer<typeof stateDump>;
