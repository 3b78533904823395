import { setTimeout as delay } from "node:timers/promises";
import { hear } from "../api/answer.ts";
import type { Contradiction } from "../api/contradiction.ts";
import { type StateDump, type StateSnapshot, stateDump } from "../api/dump.ts";
import { redactTexts } from "../log/redaction.ts";
import type { Places } from "../state/places.ts";
import { findContradictions } from "./contradictions/find.ts";
import { type Sides, sidesOf } from "./sides.ts";
import { takeSnapshot } from "./snapshot.ts";

/** How often a contradiction has to stand, one time after the other, before it is named. */
export const STANDING = 3;
/** Takes after which it is enough, whatever still moves. */
const MOST_TAKES = 6;
/** Between two takes, in milliseconds: what only moved has moved on by then. */
const BETWEEN_MS = 150;
/** Time that a machine has for one answer, in milliseconds. */
const PATIENCE_MS = 2_000;
/** Time for looking at what tasks planted, of all of them together, in milliseconds. */
const PLANTED_MS = 10_000;
const NO_TIME = { silent: "no time was left to look" };

/**
 * The state of a runtime as each side tells it, with the contradictions between them.
 *
 * No two sides can be asked in the same instant, so one difference proves nothing. Of a task that the runtime is at work on, and of
 * what changed while the sides were asked, nothing is compared; and what differs all the same is only named when it stood in three
 * takes one after the other, each side saying the very same each time. It is fit to be handed on: a task, or what it is called, may
 * have a secret in it.
 */
export async function takeDump(
  places: Places,
  progress: (words: string) => void = () => {},
  sides: Sides = sidesOf(places),
): Promise<StateDump> {
  let standing: Standing[] = [];
  for (let take = 1; ; take++) {
    progress(
      `asking the runtime, its machines and this host${take === 1 ? "" : `, time ${take}: the last time some of them differed`}`,
    );
    const snapshot = await takeSnapshot(places.state, sides, PATIENCE_MS);
    standing = whatStands(standing, findContradictions(snapshot));
    const isSettled = standing.every(({ times }) => times >= STANDING);
    if (isSettled || take === MOST_TAKES) {
      progress("looking at what tasks planted in their folders");
      const whole = await withDetails(snapshot, sides);
      const contradictions = standing.filter(({ times }) => times >= STANDING).map(({ found }) => found);
      const unsettled = standing.length - contradictions.length;
      return redactTexts(stateDump.parse({ schema: 2, takes: take, ...whole, contradictions, unsettled }));
    }
    await delay(BETWEEN_MS);
  }
}

/** A contradiction, and how many takes it has stood in by now. */
interface Standing {
  found: Contradiction;
  times: number;
}

/** What was found now; where the same sides said the same before, it has stood once more. */
function whatStands(before: readonly Standing[], now: readonly Contradiction[]): Standing[] {
  // A machine can make thousands of them up: none is looked for among all the others.
  const times = new Map(before.map((one) => [sidesOnly(one.found), one.times]));
  return now.map((found) => ({ found, times: 1 + (times.get(sidesOnly(found)) ?? 0) }));
}

/** A sentence may tell more than what contradicts, such as that a machine is paused just now. */
function sidesOnly({ kind, subject, sides }: Contradiction): string {
  return JSON.stringify([kind, subject, Object.entries(sides).sort(([one], [other]) => (one < other ? -1 : 1))]);
}

/** What each task planted, and its network. A folder can be large: those for which there was no time say so. */
async function withDetails(snapshot: StateSnapshot, sides: Sides): Promise<StateSnapshot> {
  const overAt = performance.now() + PLANTED_MS;
  const tasks: StateSnapshot["tasks"] = [];
  for (const task of snapshot.tasks) {
    const left = overAt - performance.now();
    if (task.runtime === null || "silent" in snapshot.runtime) tasks.push(task);
    else if (left <= 0) tasks.push({ ...task, planted: NO_TIME, network: NO_TIME });
    else {
      const network = await hear(() => sides.network(task.id, left));
      tasks.push({ ...task, network, planted: await hear(async () => (await sides.inspect(task.id, left)).planted) });
    }
  }
  return { ...snapshot, tasks };
}
