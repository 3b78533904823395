/** What became of a mutant. */
export interface Outcome {
  isNoticed: boolean;
  /** its check is one of those that `npm test` runs */
  isInTest: boolean;
}

/** Shares of the mutants that have to be noticed, in percent. */
const LEAST = { noticed: 95, noticedByTest: 85 };

export interface Score {
  mutants: number;
  noticed: number;
  noticedByTest: number;
  /** in percent, rounded down: what is not reached is not shown as if it were */
  shares: { noticed: number; noticedByTest: number };
}

export function scoreOf(outcomes: readonly Outcome[]): Score {
  const mutants = outcomes.length;
  const noticed = outcomes.filter(({ isNoticed }) => isNoticed).length;
  const noticedByTest = outcomes.filter(({ isNoticed, isInTest }) => isNoticed && isInTest).length;
  const share = (count: number) => (mutants === 0 ? 0 : Math.floor((100 * count) / mutants));
  return { mutants, noticed, noticedByTest, shares: { noticed: share(noticed), noticedByTest: share(noticedByTest) } };
}

export function isEnough({ shares }: Score): boolean {
  return shares.noticed >= LEAST.noticed && shares.noticedByTest >= LEAST.noticedByTest;
}

export function describeScore({ mutants, noticed, noticedByTest, shares }: Score): string {
  return `mutants ${mutants} · noticed ${noticed} (${shares.noticed} %) · noticed by npm test ${noticedByTest} (${shares.noticedByTest} %)`;
}
