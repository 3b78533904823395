import * as z from "zod";
import { relativeFolder } from "./ids.ts";
import { isolation } from "./kinds.ts";
import { taskLayer } from "./layers.ts";

/** What stands around QEMU, each as the host's kernel tells it of the process that runs. */
const hostWall = z.enum(["capabilities", "new-privileges", "seccomp", "user", "mount", "pid", "network", "ipc", "uts"]);
export type HostWall = z.infer<typeof hostWall>;

const readBack = { holds: z.boolean(), seen: z.string().max(2000) };

/** What a task can reach, and what keeps it from more, as far as a kernel says so now. */
export const boundary = z.strictObject({
  isolation,
  folder: relativeFolder.nullable(),
  sharedFolder: z.boolean(),
  /** null where the task is in no machine */
  machine: z.string().nullable(),
  readAt: z.iso.datetime(),
  /** why the kernel of its machine was not asked: the machine rests, and the host has no memory to wake it; null where it was */
  notAsked: z.string().nullable(),
  /** around the task's agent, by the kernel of its machine; none where no agent runs or it was not asked */
  task: z.array(z.strictObject({ layer: taskLayer, ...readBack })),
  /** around the machine's QEMU, by the host's kernel; none where there is no machine */
  qemu: z.array(z.strictObject({ wall: hostWall, ...readBack })),
  /** QEMU emulates the processor in software; null while that is not decided */
  emulated: z.boolean().nullable(),
  /** what a reader must know to judge the walls */
  warnings: z.array(z.string()),
});
export type Boundary = z.infer<typeof boundary>;
