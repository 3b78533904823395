import type { Check } from "../checks/checks.ts";
import type { Attack, Lane } from "./attack.ts";
import { CONTROL, PIWORK } from "./confinement.ts";
import type { Fixtures } from "./fixtures.ts";
import { inWords, meetInScene } from "./host.ts";
import { meetOnNetwork } from "./network.ts";
import { meet, meetWalls } from "./perform.ts";
import { sidesOf } from "./sides.ts";
import { type Outcome, verdict } from "./verdict.ts";

/** A check of the negative suite. */
export interface LaneCheck extends Check<Fixtures> {
  lane: Lane;
  kind: "attack" | "refusal" | "work";
  /** its control is in another machine than its target */
  elsewhere?: true;
}

/** An attack as a check: it must get through on the control, and not on the target. */
export function attackCheck(attack: Attack): LaneCheck {
  const { id, lane, essential, needsRoot, dead } = attack;
  const { who, outcome = "nothing comes of it", tried, oracle, meet } = inLane(attack);
  return {
    id,
    lane,
    kind: "attack",
    essential,
    ...(isElsewhere(attack) ? { elsewhere: true as const } : {}),
    claim: `${who} ${attack.tries}: ${outcome}`,
    needsRoot,
    attack: { tried, oracle, dead },
    run: async (fixtures) => verdict(attack, await meet(fixtures)),
  };
}

/** Whether no layer around the task holds it, so that its control takes another machine. */
function isElsewhere(attack: Attack): boolean {
  return "held" in attack && attack.held.by !== "task";
}

interface InLane {
  /** the attacker */
  who: string;
  outcome?: string;
  /** what is tried, for the evidence */
  tried: string;
  oracle: string;
  /** tries it where it must not get through, and where it must */
  meet(fixtures: Fixtures): Promise<Outcome>;
}

/** What becomes of an attack that no layer around the task holds. */
const OUTCOMES = {
  topology: "nothing comes of it for another task, which is in another machine",
  machine: "nothing comes of it, by a wall around its machine",
  bubblewrap: "nothing comes of it, whatever layers there are",
  guest: "nothing comes of it, by the kernel and the files of its machine",
} as const;

/** What differs by lane. */
function inLane(attack: Attack): InLane {
  switch (attack.lane) {
    case "agent":
    case "tools": {
      const { script, tools, oracle, held } = attack;
      return {
        who: "a task",
        ...(held.by === "task" ? {} : { outcome: OUTCOMES[held.by] }),
        tried: tools === undefined ? script : `${JSON.stringify(tools)}; on the control: ${script}`,
        oracle,
        // The other machine is there for those that need it.
        meet: (fixtures) =>
          meetWalls(attack, sidesOf(attack), fixtures.target, isElsewhere(attack) ? fixtures.control : undefined),
      };
    }
    case "root":
      return {
        who: "the root of a task's machine",
        outcome: OUTCOMES.topology,
        tried: attack.script,
        oracle: attack.oracle,
        async meet({ target, control }) {
          await target.use(CONTROL);
          return meet(attack, target, control).finally(() => target.use(PIWORK));
        },
      };
    case "shared":
      // In a machine of its own a task has no victim within reach: only this shows that the walls of the guest's kernel hold.
      return {
        who: "a task in one machine with its victim",
        tried: attack.script,
        oracle: attack.oracle,
        meet: ({ control: machine }) => meetWalls(attack, sidesOf(attack), machine),
      };
    case "network":
    case "forged":
      return {
        who: attack.lane === "forged" ? "the root of a task's machine" : "a task",
        tried: attack.script,
        oracle: "outside",
        meet: ({ target, control }) => meetOnNetwork(attack, target, control),
      };
    case "qemu":
      return {
        who: "whoever has taken over QEMU",
        tried: attack.script,
        oracle: attack.oracle,
        meet: async ({ qemu }) => ({
          target: await qemu.perform(attack, { without: [] }),
          control: await qemu.perform(attack, "none"),
        }),
      };
    case "host":
      return {
        who: "a caller who",
        tried: inWords(attack),
        oracle: attack.oracle,
        meet: ({ target }) => meetInScene(attack, target),
      };
  }
}
