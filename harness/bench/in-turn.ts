import { loadavg } from "node:os";
import { withDeadline } from "../checks/checks.ts";
import { type Alternative, type Figure, type Measurement, ratioOf, type Sample, spreadOf } from "./figures.ts";
import type { Candidate, Plan } from "./section.ts";

/** A sample that takes this long hangs. */
const SAMPLE_DEADLINE_MS = 120_000;

export interface Taken {
  round: number;
  /** what the way that was taken calls itself */
  way: string;
  quantity: string;
  sample: Sample;
}

/** Takes the samples of a plan, one of each way a round, and tells of each; gives the figures after every round. */
export async function* takeInTurn<Q extends string>(
  section: string,
  plan: Plan<Q>,
  rounds: number,
  onSample: (taken: Taken) => void,
): AsyncGenerator<Figure[]> {
  const ways: readonly Candidate<Q>[] = [plan.target, ...plan.alternatives];
  const samples = new Map(ways.map((way) => [way, new Map(given(plan, way).map((of) => [of, [] as Sample[]]))]));
  for (let round = 1; round <= rounds; round++) {
    for (const way of ways) {
      const all = await takeOne(way, given(plan, way), round);
      for (const [quantity, sample] of all) {
        samples.get(way)?.get(quantity)?.push(sample);
        onSample({ round, way: way.describe, quantity: `${section}.${quantity}`, sample });
      }
    }
    yield given(plan, plan.target).map((quantity) =>
      figureOf(section, plan, quantity, (way) => samples.get(way)?.get(quantity)),
    );
  }
}

function given<Q extends string>({ quantities }: Plan<Q>, { gives }: Candidate<Q>): readonly Q[] {
  return gives ?? (Object.keys(quantities) as Q[]);
}

async function takeOne<Q extends string>(
  way: Candidate<Q>,
  quantities: readonly Q[],
  round: number,
): Promise<[Q, Sample][]> {
  const load = loadavg()[0] ?? 0;
  try {
    const values = await withDeadline(Promise.resolve(way.take(round)), SAMPLE_DEADLINE_MS);
    return quantities.map((quantity) => {
      const value = values[quantity];
      return [quantity, value === undefined ? { value: null, load, failure: "it gave none" } : { value, load }];
    });
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return quantities.map((quantity) => [quantity, { value: null, load, failure }]);
  }
}

function figureOf<Q extends string>(
  section: string,
  plan: Plan<Q>,
  quantity: Q,
  samplesOf: (way: Candidate<Q>) => readonly Sample[] | undefined,
): Figure {
  const measured = (way: Candidate<Q>): Measurement => {
    const samples = [...(samplesOf(way) ?? [])];
    return { describe: way.describe, spread: spreadOf(samples), samples };
  };
  const target = measured(plan.target);
  const alternatives = plan.alternatives
    .filter((way) => given(plan, way).includes(quantity))
    .map((way): Alternative => {
      const other = measured(way);
      return { ...other, where: way.where, ratio: ratioOf(target.spread.p50, other.spread.p50) };
    });
  return { kind: "figure", id: `${section}.${quantity}`, ...plan.quantities[quantity], target, alternatives };
}
