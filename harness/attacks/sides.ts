import { type TaskLayer, taskLayer } from "../../runtime/protocol/layers.ts";
import type { TaskAttack, TaskOracle } from "./attack.ts";
import { CONTROL, type Confinement, OPEN, PIWORK, piworkWithout, WHOLE } from "./confinement.ts";

/** How an attack of a task is confined where it must not get through, and where it must. */
export interface Sides {
  whole: Confinement;
  open: Confinement;
}

/** For these the bounds of the control group count. */
const OF_BOUNDS: ReadonlySet<TaskOracle> = new Set(["excess", "growth", "starvation", "silence", "victim"]);

const named = new Map<string, Confinement>();

/**
 * Both sides of an attack. Where layers of the task's walls hold it, they differ in these layers only, in one machine. Otherwise the
 * control is in another machine, without the layers around machines.
 */
export function sidesOf({ held, way, oracle, id }: TaskAttack): Sides {
  const whole = WHOLE[way];
  if (held.by === "machine") return { whole, open: PIWORK };
  if (held.by === "bubblewrap") return { whole, open: CONTROL };
  if (held.by !== "task" || held.layers === undefined) {
    const isOfBounds = OF_BOUNDS.has(oracle) && id.startsWith("running-out.");
    return { whole, open: isOfBounds ? OPEN.all : OPEN.unbounded };
  }
  const key = held.layers.join(",");
  const open = named.get(key) ?? piworkWithout([...held.layers]);
  named.set(key, open);
  return { whole, open };
}

/** The layers that a confinement leaves out; undefined where it is not by the walls of a task at all. */
export function layersLeftOut({ enter }: Confinement): readonly TaskLayer[] | undefined {
  const { unconfined, without = [] } = enter("");
  return unconfined ? undefined : taskLayer.options.filter((layer) => without.includes(layer));
}
