import type { Lane } from "../../harness/attacks/attack.ts";
import type { LaneCheck } from "../../harness/attacks/check.ts";
import { table } from "../../runtime/cli/table.ts";
import type { AgentKind, Isolation } from "../../runtime/protocol/kinds.ts";
import { catalogue } from "./catalogue.ts";

/** What takes an agent's own process with it: nobody is left to say how it ended. */
const NOT_BY_AGENT = /^running-out\./;

/** The checks that are meant. */
export function choose(filter: string, all: boolean, isolation: Isolation, agent: AgentKind): readonly LaneCheck[] {
  // In a machine for all tasks its root has them all, and what the task itself tries is tried there anyway.
  const ofOneMachine = (lane: Lane) => lane === "root" || lane === "forged" || lane === "shared";
  const ofAgent = (lane: Lane) => lane === "agent" || lane === "tools";
  const there = catalogue.filter(
    ({ lane, id }) =>
      (isolation === "vm" || !ofOneMachine(lane)) &&
      (agent === "probe" ? lane !== "tools" : ofAgent(lane) && !NOT_BY_AGENT.test(id)),
  );
  // An id means its own check, although another's has it in it.
  const named = there.filter(({ id }) => id === filter);
  if (named.length > 0) return named;
  return there.filter(
    ({ id, lane, essential }) => `${id} ${lane}`.includes(filter) && (all || filter !== "" || essential === true),
  );
}

export function list(chosen: readonly LaneCheck[]): void {
  console.log(table(chosen.map(({ kind, lane, id, claim }) => [kind, lane, id, claim])));
  console.log(`${chosen.length} checks`);
}
