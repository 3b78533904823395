import { BUNDLES, conclude, type Tally } from "../harness/checks.ts";
import { bench } from "./bench.ts";
import { check } from "./check.ts";
import { evidence } from "./evidence.ts";
import { index } from "./evidence-index.ts";
import { flood } from "./flood.ts";
import { fuzz } from "./fuzz.ts";
import { lifecycle } from "./lifecycle.ts";
import { negative } from "./negative.ts";
import { runParts, shown } from "./test.ts";
import { walk } from "./walk.ts";

const longWalk = () => walk(100, Date.now() % 1_000_000);
const everyAttack = () => negative("", true);
const wholeLifecycle = () => lifecycle(true);

// What `npm test` runs, and then what takes longer: about an hour on two cores. What looks at the evidence is the last.
const parts = [check, everyAttack, wholeLifecycle, shown, longWalk, () => fuzz(), () => flood(), bench, evidence];
conclude(await indexed(() => runParts(parts)));

/** Links what there is, also where a part could not be run to its end; a bundle that is not believed fails the whole. */
async function indexed(run: () => Promise<Tally>): Promise<Tally> {
  let isBelieved = false;
  const tally = await run().finally(() => {
    isBelieved = index(BUNDLES);
  });
  return isBelieved || tally.failed > 0 ? tally : { ...tally, failed: 1 };
}
