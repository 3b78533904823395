import { randomBytes } from "node:crypto";
import { addTallies, conclude, Run, type Tally } from "../harness/checks.ts";
import { buildImage } from "../harness/image.ts";
import { makeSandbox, RunningRuntime } from "../harness/piwork.ts";
import { faults } from "./faults.ts";
import { agents } from "./lifecycle/agents.ts";
import { binding } from "./lifecycle/binding.ts";
import { commands } from "./lifecycle/commands.ts";
import { allRows, essentialRows } from "./lifecycle/faults/table.ts";
import { hostFiles } from "./lifecycle/host-files.ts";
import { kept } from "./lifecycle/kept.ts";
import { machineRefusals } from "./lifecycle/machine-refusals.ts";
import { prompts } from "./lifecycle/prompts.ts";
import { quota } from "./lifecycle/quota.ts";
import { runtimeEnds } from "./lifecycle/runtime-ends.ts";
import { runtimeFacts } from "./lifecycle/runtime-facts.ts";
import { stateFiles } from "./lifecycle/state-files.ts";
import { wire } from "./lifecycle/wire.ts";

/** Machines that are refused, and the wire to one that is not. */
async function machines(): Promise<Tally> {
  const run = new Run("machines");
  using sandbox = makeSandbox(run.directory);
  // While they run, every QEMU below this process is one of theirs.
  const refusals = machineRefusals(sandbox);
  await run.perform(refusals);
  const { checks, close } = wire(sandbox);
  await run.perform(checks).finally(close);
  return run.finish([...refusals, ...checks].map(({ id }) => id));
}

/** One runtime through its whole life, used in every way there is. */
async function use(): Promise<Tally> {
  const run = new Run("use");
  using sandbox = makeSandbox(run.directory);
  const current: { runtime: RunningRuntime } = { runtime: await RunningRuntime.start(sandbox) };
  try {
    const uses = [binding, kept, agents, prompts, commands, hostFiles, runtimeFacts].flatMap((part) =>
      part(sandbox, () => current.runtime),
    );
    const ends = runtimeEnds(sandbox, current, randomBytes(16).toString("hex"));
    await run.perform([...uses, ...ends]);
    return run.finish([...uses, ...ends].map(({ id }) => id));
  } finally {
    await current.runtime[Symbol.asyncDispose]();
  }
}

/** Disks that are full and files that are broken. */
async function state(): Promise<Tally> {
  const run = new Run("state");
  const checks = [...stateFiles(run.directory), ...quota(run.directory)];
  await run.perform(checks);
  return run.finish(checks.map(({ id }) => id));
}

const PARTS: Record<string, () => Promise<Tally>> = { machines, use, state, faults: () => faults(allRows()) };

/** What every run of the tests does: all of it, with the essential rows of the table of faults. */
export async function lifecycle(rows = essentialRows()): Promise<Tally> {
  // Two at a time: each keeps one core busy.
  const machinesAndState = async () => [await machines(), await state()];
  const [rest, used] = await Promise.all([machinesAndState(), use()]);
  return addTallies([...rest, used, await faults(rows)]);
}

/** `lifecycle.ts [PART]`: all of it, with every row of the table of faults. */
if (import.meta.filename === process.argv[1]) {
  const wanted = process.argv[2];
  if (wanted !== undefined && !Object.hasOwn(PARTS, wanted)) {
    console.error(`there is no part '${wanted}'; parts: ${Object.keys(PARTS).join(", ")}`);
    process.exit(2);
  }
  await buildImage();
  const tallies: Tally[] = [];
  for (const [name, part] of Object.entries(PARTS)) {
    if (wanted !== undefined && wanted !== name) continue;
    console.log(`\n--- ${name}`);
    tallies.push(await part());
  }
  conclude(addTallies(tallies));
}
