import { join } from "node:path";
import type { TaskLayer } from "../../runtime/protocol/layers.ts";
import { readIfThere } from "../../runtime/state/absent.ts";

/** A small mistake in the product, as a tired colleague makes one, and the check that has to go red for it. */
export interface Mutant {
  id: string;
  /** path from the repository's root */
  file: string;
  /** text that is there exactly once, and what stands in its place */
  find: string;
  replace: string;
  /** the wall around a task that it weakens, where it does */
  layer?: TaskLayer;
  /** what a user would lose by it, a sentence */
  loses: string;
  /** id of the check that has to notice it */
  noticedBy: string;
  /** the unit test that fails, where the check is `sources.unit-tests` */
  unitTest?: string;
  /** why it may stay unnoticed: it changes nothing that a user could see, or a check would cost more than it is worth */
  survivor?: string;
}

/** The text that a mutant replaces is not there, or not once: the sources have moved on, and its row has to follow. */
class NoLongerApplies extends Error {}

/** A file of `repository` as the mutant has it. */
export function mutate(repository: string, { file, find, replace }: Mutant): string {
  const source = readIfThere(join(repository, file))?.toString();
  if (source === undefined) throw new NoLongerApplies(`no longer applies: there is no ${file}`);
  const times = source.split(find).length - 1;
  if (times !== 1) throw new NoLongerApplies(`no longer applies: ${file} has its text ${times} times, not once`);
  const mutated = source.replace(find, () => replace);
  if (mutated === source) throw new NoLongerApplies(`no longer applies: ${file} is as it was`);
  return mutated;
}
