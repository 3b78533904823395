import * as z from "zod";
import { type Finding, growthOf, unit } from "./figures.ts";

/**
 * What is read of a finding: of a figure p50, p95, max, the failed samples, or by how much its p50 is above that of its first
 * alternative; of a series how many times the first the last costs.
 */
const statistic = z.enum(["p50", "p95", "max", "failed", "above", "growth"]);

const target = z.strictObject({
  /** what is done, in a reader's words */
  step: z.string(),
  /** the id of the figure or series that tells */
  of: z.string(),
  statistic,
  /** the most it may be */
  limit: z.number(),
  unit: z.union([unit, z.literal("times"), z.literal("samples")]),
  /** samples without which the statistic says nothing */
  samples: z.int().default(1),
  /** the id of what these samples are counted of, where that is something else: a total says nothing of how many it is of */
  counted: z.string().optional(),
});
export type FigureTarget = z.input<typeof target>;

export const judged = target.extend({
  measured: z.number().nullable(),
  verdict: z.enum(["reached", "missed", "not measured"]),
  /** what a number cannot say */
  remark: z.string(),
});
export type Judged = z.infer<typeof judged>;

/** Fewer samples have no p95 but their maximum. */
const P95_SAMPLES = 20;

/** What each target has come to in these findings. */
export function judge(targets: readonly FigureTarget[], findings: readonly Finding[]): Judged[] {
  return targets.map((row) => judgeOne(target.parse(row), findings));
}

function judgeOne(row: z.infer<typeof target>, findings: readonly Finding[]): Judged {
  const find = (of: string) => findings.find(({ id }) => id === of);
  const notMeasured = (remark: string): Judged => ({ ...row, measured: null, verdict: "not measured", remark });
  const found = find(row.of);
  const counted = find(row.counted ?? row.of);
  if (found === undefined || found.kind === "breakdown" || counted === undefined) return notMeasured("");
  const needed = Math.max(row.samples, row.statistic === "p95" ? P95_SAMPLES : 1);
  if (samplesOf(counted) < needed) return notMeasured(`${samplesOf(counted)} of the ${needed} samples it takes`);
  const measured = read(row.statistic, found);
  if (measured === undefined) return notMeasured(`${found.id} has no ${row.statistic}`);
  const reached = measured !== null && measured <= row.limit;
  const remark = `${samplesOf(found)} samples`;
  return { ...row, measured, verdict: reached ? "reached" : "missed", remark };
}

function samplesOf(found: Finding): number {
  if (found.kind === "figure") return found.target.spread.taken;
  return found.kind === "series" ? (found.lines[0]?.points.length ?? 0) : 0;
}

/** null where a failure stands in its place, undefined where there is no such thing */
function read(
  statistic: Judged["statistic"],
  found: Exclude<Finding, { kind: "breakdown" }>,
): number | null | undefined {
  if (statistic === "growth") return found.kind === "series" ? growthOf(found) : undefined;
  if (found.kind === "series") return undefined;
  const { spread } = found.target;
  if (statistic !== "above") return spread[statistic];
  const beside = found.alternatives[0]?.spread.p50;
  return beside === undefined ? undefined : beside === null || spread.p50 === null ? null : spread.p50 - beside;
}
