import type { Check } from "./checks.ts";

type Chained = Pick<Check, "id" | "standsOn">;

/** Says which ids a filter means: the one that it is, or where it is none, all that have it in them. */
export function meantBy(filter: string, ids: readonly string[]): (id: string) => boolean {
  return ids.includes(filter) ? (id) => id === filter : (id) => id.includes(filter);
}

/** The wanted checks and those that they stand on, in their order. */
export function withForerunners<C extends Chained>(checks: readonly C[], isWanted: (id: string) => boolean): C[] {
  const chosen = new Set<string>();
  for (const { id, standsOn = [] } of checks.toReversed())
    if (chosen.has(id) || isWanted(id)) for (const one of [id, ...standsOn]) chosen.add(one);
  return checks.filter(({ id }) => chosen.has(id));
}

/** The checks that a filter means, and those that they stand on. */
export function chooseChecks<C extends Chained>(checks: readonly C[], filter: string): C[] {
  const ids = checks.map(({ id }) => id);
  return withForerunners(checks, meantBy(filter, ids));
}

/** Ends the program where a filter means none of these checks. */
export function refuseUnknown(filter: string, checks: readonly Chained[]): void {
  if (checks.some(({ id }) => id.includes(filter))) return;
  console.error(`no check has '${filter}' in its id; these are there:\n${checks.map(({ id }) => id).join("\n")}`);
  process.exit(2);
}

/** Adds to some checks what all of them stand on. */
export function standing<C extends Chained>(on: string, checks: readonly C[]): C[] {
  return checks.map((check) => (check.id === on ? check : { ...check, standsOn: [on, ...(check.standsOn ?? [])] }));
}
