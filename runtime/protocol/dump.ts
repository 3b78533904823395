import * as z from "zod";
import { calls } from "./control.ts";

/** What `piwork dump-state --json` prints. */
export const stateDump = z.strictObject({
  schema: z.literal(1),
  takenAt: z.iso.datetime(),
  status: calls.status.output,
  /** null where no machine answers */
  diag: calls.diag.output.nullable(),
  tasks: z.array(calls.task_inspect.output),
});
export type StateDump = z.infer<typeof stateDump>;
