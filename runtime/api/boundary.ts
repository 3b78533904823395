import * as z from "zod";
import { relativeFolder } from "../protocol/ids.ts";
import { isolation } from "../protocol/kinds.ts";
import { taskLayer } from "../protocol/layers.ts";

const hostWall = z
  .enum(["capabilities", "new-privileges", "seccomp", "user", "mount", "pid", "network", "ipc", "uts"])
  .meta({ title: "host wall", description: "Wall around QEMU on the host." });
export type HostWall = z.infer<typeof hostWall>;

const readBack = {
  holds: z.boolean().describe("Whether the wall stands."),
  seen: z.string().max(2000).describe("What the kernel reports."),
};

export const boundary = z
  .strictObject({
    isolation,
    folder: relativeFolder.nullable().describe("Folder of the task; null where none is bound."),
    sharedFolder: z.boolean().describe("Whether the folder may overlap the folder of another open task."),
    machine: z.string().nullable().describe("Id of the task's machine; null where the task is in none."),
    readAt: z.iso.datetime().describe("Time at which the kernels were asked."),
    notAsked: z
      .string()
      .nullable()
      .describe(
        "Reason why the kernel of its machine was not asked: the machine rests, and the host has no memory to wake it. Null where it was asked.",
      ),
    task: z
      .array(z.strictObject({ layer: taskLayer, ...readBack }))
      .describe(
        "Walls around the task's agent, from the kernel of its machine; none where no agent runs or it was not asked.",
      ),
    qemu: z
      .array(z.strictObject({ wall: hostWall, ...readBack }))
      .describe("Walls around the machine's QEMU, from the host's kernel; none where there is no machine."),
    emulated: z
      .boolean()
      .nullable()
      .describe("Whether QEMU emulates the processor in software; null while that is not decided."),
    warnings: z.array(z.string()).describe("Facts that weaken the walls, in sentences for a person."),
  })
  .meta({
    title: "boundary",
    description: "What a task can reach, and the walls around it as the kernels report them now.",
  });
export type Boundary = z.infer<typeof boundary>;
