import { table } from "../../runtime/cli/table.ts";
import type { AgentKind, Isolation } from "../../runtime/protocol/kinds.ts";
import { type Entry, entries, isEssential, type Part } from "./stage.ts";

/** What takes an agent's own process with it: nobody is left to say how it ended. */
const NOT_BY_AGENT = /^running-out\./;

/** The checks that are meant. */
export function choose(filter: string, all: boolean, isolation: Isolation, agent: AgentKind): readonly Entry[] {
  // In a machine for all tasks its root has them all, and what the task itself tries is tried there anyway.
  const ofOneMachine = (lane: Part) => lane === "root" || lane === "forged" || lane === "shared";
  const ofAgent = (lane: Part) => lane === "agent" || lane === "tools";
  const there = entries.filter(
    ({ lane, check }) =>
      (isolation === "vm" || !ofOneMachine(lane)) &&
      (agent === "probe" ? lane !== "tools" : ofAgent(lane) && !NOT_BY_AGENT.test(check.id)),
  );
  return there.filter(
    (entry) => `${entry.check.id} ${entry.lane}`.includes(filter) && (all || filter !== "" || isEssential(entry)),
  );
}

export function list(chosen: readonly Entry[]): void {
  console.log(table(chosen.map(({ check, kind, lane }) => [kind, lane, check.id, check.claim])));
  console.log(`${chosen.length} checks`);
}
