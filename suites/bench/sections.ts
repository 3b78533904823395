import type { Section } from "../../harness/bench/section.ts";
import { realAgent } from "./agent.ts";
import { booting } from "./boot.ts";
import { cloning } from "./clone.ts";
import { executing } from "./exec.ts";
import { filing } from "./files.ts";
import { many } from "./many.ts";
import { idling } from "./memory.ts";
import { networking } from "./network.ts";
import { opening } from "./open.ts";
import { prompting } from "./prompt.ts";
import { switching } from "./switch.ts";

/**
 * All there are; another one is a file beside this one that exports a `Section`, and its name in this list. What it is to reach
 * is a row of `targets.ts`. The one that keeps all cores busy is the last, for the sake of the others.
 */
export const SECTIONS: readonly Section[] = [
  cloning,
  opening,
  switching,
  prompting,
  executing,
  filing,
  networking,
  realAgent,
  idling,
  many,
  booting,
];
