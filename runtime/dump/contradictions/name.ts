import type { Contradiction } from "../../api/contradiction.ts";
import type { StateSnapshot } from "../../api/dump.ts";

/** Finds contradictions of some kinds. It reads the snapshot and nothing else. */
export type Find = (snapshot: StateSnapshot) => Contradiction[];

/** What a side says may come from a machine, and be long. */
export function name(
  kind: Contradiction["kind"],
  subject: string,
  sides: Contradiction["sides"],
  says: string,
): Contradiction {
  const short = Object.entries(sides).map(([side, words]) => [side, words.slice(0, 500)]);
  return { kind, subject: subject.slice(0, 300), sides: Object.fromEntries(short), says: says.slice(0, 1000) };
}
