import * as z from "zod";

/** Every way in which two sides can contradict each other, with what a person reads of it. */
export const CONTRADICTIONS = {
  // between the runtime and the taskd of a machine
  "task-state-differs": "The runtime and taskd call a task by different states.",
  "task-unknown-to-taskd": "A task is open for the runtime, and its machine's taskd has none of it.",
  "task-unknown-to-runtime": "taskd has a task that the runtime does not know, or calls stopped.",
  "turn-differs": "A prompt is in flight on one side, and another one, or none, on the other.",
  "folder-differs": "The runtime and taskd say that a task has different folders, or one of them that it has none.",
  "active-task-differs": "The runtime, its file, taskd or the panel mean different tasks by the active one.",
  "agent-missing": "A task is ready, and its agent does not run: taskd has none, or the machine's kernel knows none.",
  "process-without-task": "Something of a task runs in a machine, and the runtime does not have that task open.",
  // between what was announced and what the kernels say
  "walls-missing": "A wall that is announced is not there, as the machine's kernel or the host's tells it.",
  "mount-missing": "A directory that a task was given is not in its machine's table of mounts.",
  "export-differs": "QEMU sees another directory of the host than the task has, or lacks one that it has.",
  // between the runtime and the host's world
  "task-without-machine": "A task is open, and no machine is there for it.",
  "machine-without-task": "A machine belongs to a task that is stopped, or not there.",
  "qemu-gone": "A machine is said to be up, and its QEMU is no process any more.",
  "qemu-frozen": "A machine is said to be up, and its QEMU was stopped by a signal.",
  "qemu-without-machine": "A QEMU has its sockets among this runtime's, and no machine of it.",
  "run-state-differs": "QEMU says that its machine runs where the runtime calls it paused, or the other way round.",
  "socket-missing": "A machine is up, and a socket of its QEMU is not there: its link could not be made again.",
  "leftover-sockets": "Sockets of a machine are there that the runtime does not have.",
  // between the runtime and what is kept
  "record-differs": "The record of a task says something else than the runtime.",
  "record-missing": "A task has no record: the next runtime will not know it.",
  "leftover-state": "A record, or what a task kept, is there without a task.",
  "session-stale": "The session that is kept has fewer or more turns than taskd has saved.",
  "session-foreign": "The session file of a task is not the session of that task.",
  // between the runtime and the panel
  "panel-differs": "The panel's server shows other tasks than the runtime has, or is another runtime's.",
} as const;

/** Who says something: the runtime, a machine's taskd and its kernel, QEMU on its control channel, the host's kernel and disk, the panel. */
const side = z.enum(["runtime", "taskd", "guest-kernel", "qemu", "host", "panel"]);

export type ContradictionKind = keyof typeof CONTRADICTIONS;

export const contradiction = z.strictObject({
  kind: z.enum(Object.keys(CONTRADICTIONS) as [ContradictionKind, ...ContradictionKind[]]),
  /** the task or machine that it is about; a process by its id */
  subject: z.string().max(300),
  /** what each side says, by the side's name */
  sides: z.partialRecord(side, z.string().max(500)),
  /** the same as a sentence */
  says: z.string().max(1000),
});
export type Contradiction = z.infer<typeof contradiction>;
