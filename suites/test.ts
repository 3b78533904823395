import { addTallies, conclude, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { check } from "./check.ts";
import { dumpState } from "./dump-state.ts";
import { ordinaryUser } from "./elsewhere/run-ordinary-user.ts";
import { evidence } from "./evidence.ts";
import { lifecycle } from "./lifecycle.ts";
import { negative } from "./negative.ts";
import { panel } from "./panel.ts";
import { readme } from "./readme.ts";
import { screenshot } from "./screenshot.ts";
import { tour } from "./tour.ts";

// `npm test`: everything that proves this version within minutes, the cheapest failure first, and what looks at the evidence last.
if (import.meta.filename === process.argv[1]) {
  const first = await sources();
  // Attacks have the machine for themselves: they look whether others are still answered in time.
  const rest = await inTurn({
    attacks: () => negative(),
    lifecycle: () => lifecycle(false),
    "ordinary user": () => ordinaryUser(false),
    shown,
    firstUse,
    evidence: () => evidence(),
  });
  conclude(addTallies([first, rest]));
}

type Part = () => Promise<Tally>;

/** Runs parts one after the other, and adds up. A part that breaks off has failed; those after it run all the same. */
export async function inTurn(parts: Readonly<Record<string, Part>>): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const [name, part] of Object.entries(parts)) {
    console.log(`\n--- ${name}`);
    const tally = await part().catch((error: unknown) => {
      console.error(`FAILED  ${name} broke off:`, error);
      return { passed: 0, failed: 1 };
    });
    tallies.push(tally);
  }
  return addTallies(tallies);
}

/** The sources; beside them, what machines are made of. */
export async function sources(): Promise<Tally> {
  const prepared = prepareMachines("safe", "unsafe");
  prepared.catch(() => {}); // thrown below
  const tally = await inTurn({ check });
  await prepared;
  return tally;
}

/** What a runtime shows of itself: its panel, used and captured, and its state. Two at a time: each keeps one core busy. */
async function shown(): Promise<Tally> {
  const usedThenDumped = async () => addTallies([await panel(false), await dumpState()]);
  const capturedThenPrepared = async () => {
    const tally = await screenshot(false);
    // What machines with pi are made of takes a while.
    await prepareMachines("pi");
    return tally;
  };
  return addTallies(await Promise.all([usedThenDumped(), capturedThenPrepared()]));
}

/** What a new user does: in the panel, and by the words of the documentation. Two at a time, likewise. */
async function firstUse(): Promise<Tally> {
  return addTallies(await Promise.all([tour(), readme()]));
}
