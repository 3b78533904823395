import * as z from "zod";

/** A run of a suite, as its evidence says. */
export const evidenceRun = z.strictObject({
  /** its directory below `runs` of the logs */
  name: z.string(),
  suite: z.string(),
  startedAt: z.iso.datetime(),
  /** null where it did not come to its end */
  checks: z.strictObject({ passed: z.number().int().nonnegative(), failed: z.number().int().nonnegative() }).nullable(),
  /** where its report is, as a path of the panel's address; null where it has none, or there is no panel */
  report: z.string().nullable(),
});
export type EvidenceRun = z.infer<typeof evidenceRun>;

/** `results.json` of a run, as far as it is shown. */
export const runSummary = z.looseObject({
  suite: z.string().max(64),
  passed: z.number().int().nonnegative(),
  failed: z.number().int().nonnegative(),
});
