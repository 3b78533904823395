import { groupOf } from "../../harness/attacks/attack.ts";
import type { LaneCheck } from "../../harness/attacks/check.ts";
import type { CheckResult } from "../../runtime/api/bundle.ts";
import { table } from "../../runtime/cli/table.ts";

/** The last lines: what was proven, by group and in all. */
export function scoreOf(chosen: readonly LaneCheck[], results: readonly CheckResult[]): string {
  const ran = chosen.map(({ kind, id }) => ({
    kind,
    group: groupOf({ id }),
    outcome: results.find((result) => result.id === id)?.attack,
  }));
  const attacks = ran.filter(({ kind }) => kind === "attack");
  const count = (of: typeof attacks) => {
    const live = of.filter(({ outcome }) => outcome?.control?.through === true).length;
    return { all: of.length, live, through: of.filter(({ outcome }) => outcome?.target?.through !== false).length };
  };
  const groups = [...new Set(attacks.map(({ group }) => group))].map((group) => {
    const { all, live, through } = count(attacks.filter((attack) => attack.group === group));
    return [group, `${all}`, `${live}`, `${through}`];
  });
  const { all, live, through } = count(attacks);
  const refusals = ran.filter(({ kind }) => kind === "refusal").length;
  return [
    ...(groups.length > 0 ? [table([["group", "all", "live", "through"], ...groups], "lrrr"), ""] : []),
    `attacks ${all} · live ${live} · dead ${all - live} · through ${through} · refusals ${refusals}`,
  ].join("\n");
}
