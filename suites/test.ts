import { addTallies, conclude, type Tally } from "../harness/checks.ts";
import { buildImage } from "../harness/image.ts";
import { check } from "./check.ts";
import { lifecycle } from "./lifecycle.ts";
import { negative } from "./negative.ts";
import { walk } from "./walk.ts";

/** Runs the parts one after the other, the image before the first that boots it, and adds up. */
export async function runParts(parts: readonly { (): Promise<Tally>; name: string }[]): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const part of parts) {
    if (part !== check) await buildImage();
    console.log(`\n--- ${part.name}`);
    tallies.push(await part());
  }
  return addTallies(tallies);
}

/** Rounds of the random walk that every run of the tests goes. */
const ROUNDS = 2;

// `npm test`: everything that proves this version within minutes, the cheapest failure first.
if (import.meta.filename === process.argv[1]) {
  const shortWalk = () => walk(ROUNDS, Date.now() % 1_000_000);
  const attacks = () => negative();
  conclude(await runParts([check, attacks, lifecycle, shortWalk]));
}
