import * as z from "zod";
import { taskId } from "../protocol/ids.ts";
import { commands } from "../protocol/rpc.ts";
import { machineState } from "../protocol/states.ts";
import { answerOf } from "./answer.ts";
import { taskRecord } from "./record.ts";

export const machineAnswer = z
  .strictObject({
    machine: z.string().describe("Id of the machine."),
    state: machineState.describe("State of the machine in the runtime, at the time QEMU was asked."),
    qemu: answerOf(z.strictObject({ status: z.string().max(64).describe("Run state of QEMU.") })).describe(
      "Answer of QEMU's control channel, which wakes no machine.",
    ),
    taskd: answerOf(
      z.strictObject({
        state: commands.runtime_get_state.result.describe("Answer of `runtime_get_state`."),
        diag: commands.runtime_diag.result.describe("Answer of `runtime_diag`."),
      }),
    ).describe("Answer of taskd."),
    records: z
      .array(taskRecord)
      .describe("Records of the tasks that the runtime has in this machine, at the time of taskd's answer."),
    underway: z
      .array(taskId)
      .describe("Tasks, of any machine, that the runtime was opening, binding or stopping at that time."),
  })
  .meta({
    title: "machine answer",
    description: "Answers of one machine, beside what the runtime knew in the same moment.",
  });
export type MachineAnswer = z.infer<typeof machineAnswer>;

/** Longest time that a machine may be waited for, in milliseconds. */
export const LONGEST_PATIENCE_MS = 30_000;
