import type { Mutant } from "../../harness/mutants/mutant.ts";

/** The check whose failures are those of unit tests. */
export const UNIT_TESTS = "sources.unit-tests";

/** Of a mutant that a unit test notices: which one. */
export function unit(unitTest: string): Pick<Mutant, "noticedBy" | "unitTest"> {
  return { noticedBy: UNIT_TESTS, unitTest };
}
