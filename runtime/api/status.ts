import * as z from "zod";
import { taskId } from "../protocol/ids.ts";
import { isolation } from "../protocol/kinds.ts";
import { machineState } from "../protocol/states.ts";
import { taskMemory } from "../protocol/task-memory.ts";
import { taskRecord } from "./record.ts";

const machineView = z
  .strictObject({
    id: z.string().describe("Id of the machine."),
    state: machineState,
    pid: z.int().nullable().describe("Process id of QEMU on the host; null while none runs."),
    memoryMb: z.int().describe("Memory of the machine, in MiB."),
    residentKb: z.int().nullable().describe("Resident memory of QEMU, in kilobytes."),
    task: taskId.nullable().describe("Task of the machine; null where all tasks share it, or none has it yet."),
    bootMs: z.number().nullable().describe("Time from QEMU's start to taskd's greeting, in milliseconds; null before."),
    startedAt: z.iso.datetime().describe("Start of QEMU."),
  })
  .meta({ title: "machine view", description: "Machine as the host sees it." });

export const statusView = z
  .strictObject({
    version: z.string().describe("Version of Piwork."),
    pid: z.int().describe("Process id of the runtime."),
    startedAt: z.iso.datetime().describe("Start of the runtime."),
    workspace: z.string().describe("Path of the workspace root."),
    state: z.string().describe("Path of the state directory."),
    logs: z.string().describe("Path of the directory of logs."),
    isolation,
    memoryBytes: taskMemory.describe(
      "Memory of a new task's processes together, in bytes, unless its creator chooses.",
    ),
    starting: z
      .string()
      .nullable()
      .describe("Present step of the start, in words; null once the runtime can open tasks."),
    acceleration: z
      .strictObject({
        requested: z.enum(["auto", "kvm", "tcg"]).describe("Requested acceleration."),
        used: z.enum(["kvm", "tcg"]).describe("Acceleration in use."),
        reason: z.string().describe("Reason of the choice."),
      })
      .nullable()
      .describe("Acceleration of the machines; null while it is not decided."),
    image: z
      .strictObject({
        inputs: z.string().describe("Hash of everything that the image was made from."),
        kernel: z.string().describe("Version of the kernel."),
        node: z.string().describe("Version of Node."),
      })
      .nullable()
      .describe("Guest image; null until there is one."),
    template: z
      .strictObject({
        key: z.string().describe("Key of the template."),
        createdAt: z.iso.datetime().describe("Time at which the template was saved."),
      })
      .nullable()
      .describe("Template of the machines; null where there is none."),
    machines: z.array(machineView).describe("Machines of the runtime."),
    tasks: z.array(taskRecord).describe("Tasks, the oldest first."),
    activeTask: taskId.nullable().describe("Active task, if any."),
    warnings: z.array(z.string()).describe("Facts that weaken the walls, in sentences for a person."),
  })
  .meta({ title: "status", description: "Overview of a runtime." });
export type StatusView = z.infer<typeof statusView>;
