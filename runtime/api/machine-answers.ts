import * as z from "zod";
import { taskId } from "../protocol/ids.ts";
import { commands } from "../protocol/rpc.ts";
import { machineState } from "../protocol/states.ts";
import { taskRecord } from "./record.ts";
import { told } from "./told.ts";

/** What one machine says, and what the runtime believed in the same moment. */
export const machineAnswer = z.strictObject({
  machine: z.string(),
  /** as the runtime called it when QEMU was asked */
  state: machineState,
  /** by its control channel, which wakes no machine */
  qemu: told(z.strictObject({ status: z.string().max(64) })),
  taskd: told(
    z.strictObject({
      state: commands.runtime_get_state.result,
      diag: commands.runtime_diag.result,
    }),
  ),
  /** the runtime's records of the tasks that are in this machine, read when taskd's answer came */
  records: z.array(taskRecord),
  /** tasks, in whatever machine, that the runtime was opening, binding or stopping then */
  underway: z.array(taskId),
});
export type MachineAnswer = z.infer<typeof machineAnswer>;

/** Longest time that a machine may be waited for, in milliseconds. */
export const LONGEST_PATIENCE_MS = 30_000;
