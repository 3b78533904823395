import { activeAndPanel } from "./active-and-panel.ts";
import { kept } from "./kept.ts";
import { machines } from "./machines.ts";
import type { Find } from "./name.ts";
import { tasks } from "./tasks.ts";
import { walls } from "./walls.ts";

/** What contradicts what, in one snapshot. Something that only was on its way may be among it: see `takeDump`. */
export const findContradictions: Find = (snapshot) =>
  [tasks, machines, walls, kept, activeAndPanel].flatMap((find) => find(snapshot));
