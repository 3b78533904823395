import * as z from "zod";
import { finding } from "./figures.ts";
import { judged } from "./targets.ts";

const environment = z.strictObject({
  startedAt: z.iso.datetime(),
  /** what was measured; null outside of a repository */
  commit: z.string().nullable(),
  /** files were changed since that commit */
  changed: z.boolean(),
  processor: z.string(),
  cores: z.int(),
  memoryMb: z.int(),
  /** of the host when the run started, for one, five and fifteen minutes */
  load: z.array(z.number()),
  system: z.string(),
  node: z.string(),
  /** null until a machine was started */
  acceleration: z.strictObject({ requested: z.string(), used: z.string(), reason: z.string() }).nullable(),
});
export type Environment = z.infer<typeof environment>;

const section = z.strictObject({
  name: z.string(),
  describe: z.string(),
  findings: z.array(finding),
  /** why it could not be measured to its end */
  failure: z.string().optional(),
});

/** `bench.json`: everything that was measured in one run. */
export const benchDocument = z.strictObject({
  schema: z.literal(2),
  environment,
  /** null while it runs, and for ever where it was interrupted */
  finishedAt: z.iso.datetime().nullable(),
  sections: z.array(section),
  targets: z.array(judged),
});
export type BenchDocument = z.infer<typeof benchDocument>;
