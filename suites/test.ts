import { addTallies, conclude, type Tally } from "../harness/checks.ts";
import { prepareMachines } from "../harness/image.ts";
import { check } from "./check.ts";
import { dumpState } from "./dump-state.ts";
import { evidence } from "./evidence.ts";
import { lifecycle } from "./lifecycle.ts";
import { negative } from "./negative.ts";
import { panel } from "./panel.ts";
import { screenshot } from "./screenshot.ts";

/** Runs the parts one after the other, and adds up. What machines are made of is made beside the part that needs none. */
export async function runParts(parts: readonly { (): Promise<Tally>; name: string }[]): Promise<Tally> {
  const prepared = prepareMachines("safe", "unsafe");
  prepared.catch(() => {}); // thrown where it is waited for
  const tallies: Tally[] = [];
  for (const part of parts) {
    if (part !== check) await prepared;
    console.log(`\n--- ${part.name}`);
    tallies.push(await part());
  }
  return addTallies(tallies);
}

/** What a runtime shows of itself: its panel, used and captured, and its state. Two at a time: each keeps one core busy. */
export async function shown(): Promise<Tally> {
  const usedThenDumped = async () => addTallies([await panel(), await dumpState()]);
  return addTallies(await Promise.all([usedThenDumped(), screenshot()]));
}

// `npm test`: everything that proves this version within minutes, the cheapest failure first.
if (import.meta.filename === process.argv[1]) {
  const attacks = () => negative();
  const used = () => lifecycle();
  conclude(await runParts([check, attacks, used, shown, evidence]));
}
