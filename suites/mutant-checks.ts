import type { Mutant } from "../harness/mutants/mutant.ts";
import type { Command } from "../harness/mutants/trial.ts";
import { everyCheck } from "./every-check.ts";
import { UNIT_TESTS } from "./mutants/unit.ts";

const CHECKS = new Map(everyCheck(true).map((known) => [known.id, known]));

export const isKnown = (id: string): boolean => CHECKS.has(id);

/** Whether `npm test` runs the check. */
export const isInTest = (id: string): boolean => id === UNIT_TESTS || CHECKS.get(id)?.isInTest === true;

/** How the check of a mutant is run alone, without the task runner: by the program of its suite. */
export function commandOf({ noticedBy, unitTest }: Pick<Mutant, "noticedBy" | "unitTest">): Command {
  if (unitTest !== undefined) return { id: noticedBy, program: unitTest, words: [], isUnitTest: true };
  const known = CHECKS.get(noticedBy);
  const [, suite, words = ""] = /^npx mise run test-(\S+) (.*)$/.exec(known?.command ?? "") ?? [];
  if (suite === undefined) throw new Error(`no suite has the check '${noticedBy}'`);
  return { id: noticedBy, program: `suites/${suite}.ts`, words: words.split(" "), isUnitTest: false };
}
