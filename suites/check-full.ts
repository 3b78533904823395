import { addTallies, BUNDLES, conclude, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { agent } from "./agent.ts";
import { alone } from "./alone.ts";
import { bench } from "./bench.ts";
import { dumpState } from "./dump-state.ts";
import { elsewhere } from "./elsewhere.ts";
import { evidence } from "./evidence.ts";
import { index } from "./evidence-index.ts";
import { flood } from "./flood.ts";
import { fuzz } from "./fuzz.ts";
import { lifecycle } from "./lifecycle.ts";
import { negative } from "./negative.ts";
import { panel } from "./panel.ts";
import { readme } from "./readme.ts";
import { screenshot } from "./screenshot.ts";
import { inTurn, sources } from "./test.ts";
import { tour } from "./tour.ts";
import { walk } from "./walk.ts";

// What `npm test` runs, and then what takes longer: more than an hour on two cores. What looks at the evidence is the last.
conclude(await indexed(run));

async function run(): Promise<Tally> {
  const first = await sources();
  await prepareMachines("pi", "unsafe-pi");
  const rest = await inTurn({
    lifecycle: () => lifecycle(true),
    agent: () => agent(),
    tour: () => tour(),
    readme: () => readme(),
    panel: () => panel(true),
    "dump-state": () => dumpState(),
    screenshots: () => screenshot(true),
    walk: () => walk(100, Date.now() % 1_000_000),
    fuzz: () => fuzz(),
    flood: () => flood(),
    elsewhere: () => elsewhere(),
    bench: () => bench(),
    attacks: () => negative("", true, "vm"),
    "attacks in one machine": () => negative("", true, "shared"),
    "attacks by pi": () => negative("pi-tools", false, undefined, "pi"),
    alone: () => alone({ times: 2, sample: 16, seed: Date.now() % 1_000_000 }),
    evidence: () => evidence(),
  });
  return addTallies([first, rest]);
}

/** Links what there is, also where a part could not be run to its end; a bundle that is not believed fails the whole. */
async function indexed(run: () => Promise<Tally>): Promise<Tally> {
  let isBelieved = false;
  const tally = await run().finally(() => {
    isBelieved = index(BUNDLES);
  });
  return isBelieved || tally.failed > 0 ? tally : { ...tally, failed: 1 };
}
