import { addTallies, conclude, type Tally } from "../harness/checks/checks.ts";
import { meantBy, refuseUnknown } from "../harness/checks/choose.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { AGENT } from "../harness/runtimes/piwork.ts";
import { type Choice, LIFECYCLE, QUICK } from "./lifecycle/parts.ts";

/** `lifecycle.ts [PART | FILTER]`: all of it, one part, or checks whose id has the filter in it, with what they stand on. */
if (import.meta.filename === process.argv[1]) {
  const wanted = process.argv[2];
  const there = Object.entries(LIFECYCLE).filter(([name]) => AGENT === "probe" || name !== "machines");
  const named = there.filter(([name]) => name === wanted);
  const parts = named.length > 0 ? named : there;
  const checks = parts.flatMap(([, part]) => part.checks());
  const filter = named.length > 0 ? "" : (wanted ?? "");
  refuseUnknown(filter, checks);
  const isMeant = meantBy(
    filter,
    checks.map(({ id }) => id),
  );
  const meant = parts.filter(([, part]) => part.checks().some(({ id }) => isMeant(id)));
  await prepareMachines(...meant.flatMap(([, { machines }]) => machines));
  const tallies: Tally[] = [];
  for (const [name, part] of meant) {
    console.log(`\n--- ${name}`);
    tallies.push(await part.run(isMeant));
  }
  conclude(addTallies(tallies));
}

/** All of it, or what `npm test` has time for. */
export async function lifecycle(isWhole: boolean): Promise<Tally> {
  const isMeant: Choice = isWhole ? () => true : QUICK;
  const { machines, use, state, clones, faults } = LIFECYCLE;
  // Two at a time: each keeps one core busy.
  const machinesAndState = async () => [await machines.run(isMeant), await state.run(isMeant)];
  const [others, used] = await Promise.all([machinesAndState(), use.run(isMeant)]);
  return addTallies([...others, used, ...(await Promise.all([clones.run(isMeant), faults.run(isMeant)]))]);
}
