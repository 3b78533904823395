import * as z from "zod";

export const evidenceRun = z
  .strictObject({
    name: z.string().describe("Name of the run's directory below `runs` of the logs."),
    suite: z.string().describe("Name of the suite."),
    startedAt: z.iso.datetime().describe("Start of the run."),
    checks: z
      .strictObject({
        passed: z.int().nonnegative().describe("Number of checks that passed."),
        failed: z.int().nonnegative().describe("Number of checks that failed."),
      })
      .nullable()
      .describe("Results; null for a run that did not finish."),
    report: z
      .string()
      .nullable()
      .describe("Path of the report below the panel's address; null without a report or a panel."),
  })
  .meta({ title: "evidence run", description: "Run of a suite that left evidence." });
export type EvidenceRun = z.infer<typeof evidenceRun>;

/** `results.json` of a run, as far as it is shown. */
export const runSummary = z.looseObject({
  suite: z.string().max(64),
  passed: z.int().nonnegative(),
  failed: z.int().nonnegative(),
});
