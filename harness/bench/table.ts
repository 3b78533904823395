import { table } from "../../runtime/cli/table.ts";
import type { BenchDocument } from "./document.ts";
import type { Finding, Measurement } from "./figures.ts";
import type { Judged } from "./targets.ts";
import { asRatio, outcome, reachOf, withUnit } from "./wording.ts";

/** Longest description that a line shows, in characters. */
const SHOWN = 58;

/** Everything that was measured, for a terminal. */
export function renderTable({ sections, targets, environment }: BenchDocument): string {
  const head = ["p50", "p95", "max", "taken", "failed", "load", "target/this"];
  const rows = sections.flatMap(({ findings }) => findings.flatMap(rowsOf));
  const { acceleration, cores } = environment;
  const where = `${acceleration === null ? "no machine" : acceleration.used}, ${cores} cores`;
  return [table([[where, ...head], ...rows], "lrrrrrrr"), "", renderTargets(targets)].join("\n");
}

function rowsOf(finding: Finding): string[][] {
  if (finding.kind !== "figure") return [];
  const row = (name: string, { spread, samples }: Measurement, ratio: string) => [
    name.length > SHOWN ? `${name.slice(0, SHOWN - 1)}…` : name,
    ...[spread.p50, spread.p95, spread.max].map((value) => withUnit(value, finding.unit)),
    `${spread.taken}`,
    `${spread.failed}`,
    samples.length === 0 ? "" : Math.max(...samples.map(({ load }) => load)).toFixed(1),
    ratio,
  ];
  return [
    row(`${finding.id}  ${finding.describe}`, finding.target, ""),
    ...finding.alternatives.map((other) => row(`  ${other.describe}`, other, asRatio(other.ratio))),
  ];
}

function renderTargets(targets: readonly Judged[]): string {
  return table([["target", "reach", "measured", ""], ...targets.map(targetRow)], "llrl");
}

function targetRow(target: Judged): string[] {
  return [
    target.step,
    reachOf(target),
    target.measured === null ? "" : withUnit(target.measured, target.unit),
    outcome(target),
  ];
}
