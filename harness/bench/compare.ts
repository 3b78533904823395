import { readFileSync } from "node:fs";
import { table } from "../../runtime/cli/table.ts";
import { type BenchDocument, benchDocument } from "./document.ts";
import { type Alternative, type Figure, inOrder, ratioOf, type Sample } from "./figures.ts";
import { asRatio, withUnit } from "./wording.ts";

/** A p50 that moved by less is the same, however sure that is. */
const CHANGE = 0.1;
/** Samples of the same quantity differ like this by chance once in this many comparisons. */
const CHANCE = 0.01;
/** With fewer samples, nothing they could be would be that unlikely. */
const LEAST_SAMPLES = 6;

type Verdict = "slower" | "faster" | "same" | "within its spread" | "too few samples";

export interface Comparison {
  id: string;
  unit: Figure["unit"];
  before: number | null;
  after: number | null;
  /** new p50 in the old one */
  ratio: number | null;
  /** the same for what was measured beside it on the host: what is not ours has changed by this */
  host: number | null;
  verdict: Verdict;
}

/** Reads another run's `bench.json`; throws with a sentence when it is none. */
export function readBench(path: string): BenchDocument {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    return benchDocument.parse(JSON.parse(content));
  } catch {
    throw new Error(`${path} is not a bench.json of this version`);
  }
}

/** Each figure that both have. */
export function compare(before: BenchDocument, after: BenchDocument): Comparison[] {
  const old = new Map(figures(before).map((figure) => [figure.id, figure]));
  return figures(after).flatMap((figure) => {
    const known = old.get(figure.id);
    return known === undefined || known.unit !== figure.unit ? [] : [compareOne(known, figure)];
  });
}

function figures({ sections }: BenchDocument): Figure[] {
  return sections.flatMap(({ findings }) => findings.filter((finding) => finding.kind === "figure"));
}

function compareOne(before: Figure, after: Figure): Comparison {
  const [old, now] = [before.target.spread.p50, after.target.spread.p50];
  const ratio = ratioOf(now, old);
  const onHost = ({ alternatives }: Figure) => alternatives.find(({ where }) => where === "host");
  return {
    id: after.id,
    unit: after.unit,
    before: old,
    after: now,
    ratio,
    host: sameHost(onHost(before), onHost(after)),
    verdict: verdictOf(before.target.samples, after.target.samples, ratio),
  };
}

function sameHost(before: Alternative | undefined, after: Alternative | undefined): number | null {
  if (before?.describe !== after?.describe) return null;
  return ratioOf(after?.spread.p50 ?? null, before?.spread.p50 ?? null);
}

function verdictOf(before: readonly Sample[], after: readonly Sample[], ratio: number | null): Verdict {
  if (Math.min(before.length, after.length) < LEAST_SAMPLES) return "too few samples";
  if (ratio !== null && Math.abs(Math.log(ratio)) < Math.log(1 + CHANGE)) return "same";
  const { chance, more } = rankTest(inOrder(before), inOrder(after));
  return chance > CHANCE ? "within its spread" : more ? "slower" : "faster";
}

/**
 * How likely two samples of one quantity are as different as these by chance (Mann and Whitney, normal approximation): it asks
 * only which values are greater, so an outlier counts as one value and a failure as the greatest.
 */
export function rankTest(before: readonly number[], after: readonly number[]): { chance: number; more: boolean } {
  let greater = 0;
  for (const now of after) for (const old of before) greater += now > old ? 1 : now === old ? 0.5 : 0;
  const [m, n] = [before.length, after.length];
  const total = m + n;
  const variance = ((m * n) / 12) * (total + 1 - tiesIn([...before, ...after]) / (total * (total - 1)));
  const distance = Math.max(0, Math.abs(greater - (m * n) / 2) - 0.5);
  return { chance: variance === 0 ? 1 : beyond(distance / Math.sqrt(variance)), more: greater > (m * n) / 2 };
}

/** What equal values take from the variance of ranks. */
function tiesIn(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum + count ** 3 - count, 0);
}

/** Share of a normal distribution that is further from its middle than `z`, to either side (Abramowitz and Stegun 7.1.26). */
function beyond(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const sum = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].reduce(
    (total, factor) => total * t + factor,
    0,
  );
  return sum * t * Math.exp(-x * x);
}

/** The comparison for a terminal, and what its marks mean. */
export function renderComparison(comparisons: readonly Comparison[], path: string): string {
  if (comparisons.length === 0) return `\nnothing was measured both here and in ${path}`;
  const rows = comparisons.map(({ id, unit, before, after, ratio, host, verdict }) => [
    id,
    withUnit(before, unit),
    withUnit(after, unit),
    asRatio(ratio),
    asRatio(host),
    mark(verdict, ratio, host),
  ]);
  const slower = comparisons.filter(({ verdict }) => verdict === "slower").length;
  return [
    `\ncompared with ${path}`,
    table([["", "p50 then", "p50 now", "now/then", "host", ""], ...rows], "lrrrrl"),
    `${slower} slower. Slower or faster: p50 moved by more than ${CHANGE * 100} %, and the samples differ as they would by chance in less`,
    `than ${CHANCE * 100} % of comparisons (rank test; failed samples are the slowest). 'host' is what was measured beside it without us.`,
  ].join("\n");
}

function mark(verdict: Verdict, ratio: number | null, host: number | null): string {
  if (verdict !== "slower") return verdict === "same" ? "" : verdict;
  const likeHost = ratio !== null && host !== null && ratio / host < 1 + CHANGE;
  return likeHost ? "slower, as is the host" : "SLOWER";
}
