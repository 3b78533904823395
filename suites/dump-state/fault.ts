import type { Check } from "../../harness/checks/checks.ts";
import type { ContradictionKind } from "../../runtime/api/contradiction.ts";
import type { Sides } from "../../runtime/dump/sides.ts";
import { assertNamed, type DumpedRuntime } from "./dumped-runtime.ts";

/** Something that is put wrong on purpose, so that two sides contradict each other. */
export interface Fault {
  kind: ContradictionKind;
  /** tells two faults of one kind apart */
  how?: string;
  /** what is done, as the end of a sentence */
  words: string;
  /** puts it wrong; gives everything that has to be named then, as `kind subject`, and what mends it */
  make(): Promise<Made>;
}

interface Made {
  named: readonly string[];
  /** for what cannot be done to a runtime that works: has one side say something else as it is asked */
  change?(sides: Sides): Partial<Sides>;
  mend?(): Promise<unknown> | unknown;
}

/** What was put wrong is named, with the task or machine that it is about, and nothing else is. */
export function asCheck({ kind, how, words, make }: Fault, dumped: DumpedRuntime): Check {
  const name = how === undefined ? kind : `${kind}-${how}`;
  return {
    id: `dump.${name}`,
    claim: `'${kind}' is named when ${words}`,
    async run() {
      const { named, change, mend } = await make();
      try {
        const dump = await dumped.dump(`state.${name}`, change);
        assertNamed(dump, named);
        return { says: dump.contradictions.map(({ says }) => says) };
      } finally {
        await mend?.();
      }
    },
  };
}
