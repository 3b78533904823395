import type { Breakdown, Phases } from "./figures.ts";

export function totalOf(phases: Phases): number {
  return phases.reduce((sum, { value }) => sum + value, 0);
}

/** The bar of whichever took neither long nor short; of middles of each phase the sum would be that of none. */
export function middleBar(what: string, all: readonly Phases[]): Breakdown["bars"] {
  const middle = all.toSorted((a, b) => totalOf(a) - totalOf(b))[Math.floor((all.length - 1) / 2)];
  return middle === undefined ? [] : [{ describe: `${what}, the middle one of ${all.length}`, phases: middle }];
}
