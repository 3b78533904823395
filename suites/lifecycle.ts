import { addTallies, conclude, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines, SAFE, UNSAFE } from "../harness/machines/prepare.ts";
import { AGENT } from "../harness/runtimes/piwork.ts";
import { LIFECYCLE } from "./lifecycle/parts.ts";

/** `lifecycle.ts [PART]`: all of it, with every row of the table of faults. */
if (import.meta.filename === process.argv[1]) {
  const wanted = process.argv[2];
  const there = Object.entries(LIFECYCLE).filter(([name]) => AGENT === "probe" || name !== "machines");
  const parts = there.filter(([name]) => name === (wanted ?? name));
  if (parts.length === 0) {
    console.error(`with ${AGENT} there is no part '${wanted}'; parts: ${there.map(([name]) => name).join(", ")}`);
    process.exit(2);
  }
  await prepareMachines(...parts.map(([name]) => (name === "faults" ? UNSAFE : SAFE)));
  const tallies: Tally[] = [];
  for (const [name, part] of parts) {
    console.log(`\n--- ${name}`);
    tallies.push(await part(true));
  }
  conclude(addTallies(tallies));
}

/** All of it, or what `npm test` has time for. */
export async function lifecycle(isWhole: boolean): Promise<Tally> {
  // Two at a time: each keeps one core busy.
  const machinesAndState = async () => [await LIFECYCLE.machines(isWhole), await LIFECYCLE.state(isWhole)];
  const [others, used] = await Promise.all([machinesAndState(), LIFECYCLE.use(isWhole)]);
  return addTallies([...others, used, ...(await Promise.all([LIFECYCLE.clones(isWhole), LIFECYCLE.faults(isWhole)]))]);
}
