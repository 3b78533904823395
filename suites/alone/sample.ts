import type { Random } from "../../harness/random/random.ts";

/** A check of a suite, and the words that run it alone. */
export interface Known {
  id: string;
  suite: string;
  command: string;
  /** `npm test` runs it */
  isInTest: boolean;
  /** it takes minutes by itself */
  isLong: boolean;
}

/** Checks that were seen to fail alone and to pass in their suite: in every sample. */
export const ALWAYS: readonly string[] = ["wire-limits.endless", "walls.warm-processes"];

/** So many checks, none of them long: from each suite in turn one, so that a small suite is looked at like a large one. */
export function takeSample(checks: readonly Known[], size: number, random: Random): Known[] {
  const chosen = checks.filter(({ id }) => ALWAYS.includes(id)).slice(0, size);
  const others = checks.filter((check) => !check.isLong && !chosen.includes(check));
  const suites = [...new Set(others.map(({ suite }) => suite))];
  const left = suites.map((name) => others.filter(({ suite }) => suite === name));
  while (chosen.length < size && left.some(({ length }) => length > 0))
    for (const ofSuite of left)
      if (ofSuite.length > 0 && chosen.length < size) chosen.push(...ofSuite.splice(random.below(ofSuite.length), 1));
  return chosen;
}
