import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Run, type Tally } from "../../harness/checks/checks.ts";
import { AGENT, ISOLATION, makeSandbox, RunningRuntime } from "../../harness/runtimes/piwork.ts";
import { faults } from "../faults.ts";
import { agents } from "./agents.ts";
import { binding } from "./binding.ts";
import { cloneFaults } from "./clone-faults.ts";
import { commands } from "./commands.ts";
import { damagedTemplate } from "./damaged-template.ts";
import { allRows, quickRows } from "./faults/table.ts";
import { hostFiles } from "./host-files.ts";
import { kept } from "./kept.ts";
import { machineRefusals } from "./machine-refusals.ts";
import { manyMachines } from "./many-machines.ts";
import { memory } from "./memory.ts";
import { prompts } from "./prompts.ts";
import { quota } from "./quota.ts";
import { randomValues } from "./random-values.ts";
import { rest } from "./rest.ts";
import { runtimeEnds } from "./runtime-ends.ts";
import { runtimeFacts } from "./runtime-facts.ts";
import { stateFiles } from "./state-files.ts";
import { wire } from "./wire.ts";

/** What takes longest, and is left to whole runs: `npm test` has to end within minutes. */
const SLOW: ReadonlySet<string> = new Set([
  "machine.other-folder",
  "wire.reconnect",
  "agent.hangs",
  "agent.floods",
  "exec.bytes",
  "task.stop-and-go",
  "session.special",
  "quota.ordinary",
  "rest.clock",
  "rest.wakes-often",
  "rest.background-of-command",
  "clone.killed-at-each-step",
  "clone.many-in-a-row",
  "template.disk-full",
  "own-machine.crash",
  "own-machine.at-once",
  "own-machine.shutdown-while-filling",
  "own-machine.kill-9-of-many",
  "template.truncated",
  "template.flipped-memory",
  "template.flipped-state",
  "template.other-key",
]);

/** What is about the probe itself: misconduct that pi cannot be asked for, and values that it draws; `machines`, where nobody has a model, is left out whole. */
const OF_PROBE = /^(agent|clone)\./;

function chosen<C extends { id: string }>(checks: readonly C[], isWhole: boolean): C[] {
  return checks.filter(({ id }) => (isWhole || !SLOW.has(id)) && (AGENT === "probe" || !OF_PROBE.test(id)));
}

/** Machines that are refused, and the wire to one that is not. */
async function machines(isWhole: boolean): Promise<Tally> {
  const run = new Run("machines", { command: "npx mise run test-lifecycle machines" });
  using sandbox = makeSandbox(run.directory);
  // While they run, every QEMU below this process is one of theirs.
  const refusals = chosen(machineRefusals(sandbox), isWhole);
  const { checks: onWire, close } = wire(sandbox);
  const checks = chosen(onWire, isWhole);
  run.expect([...refusals, ...checks]);
  await run.perform(refusals);
  await run.perform(checks).finally(close);
  return run.finish();
}

/** One runtime through its whole life, used in every way there is. */
async function use(isWhole: boolean): Promise<Tally> {
  const run = new Run("use", { command: "npx mise run test-lifecycle use" });
  await useOne(run, isWhole);
  return run.finish();
}

async function useOne(run: Run, isWhole: boolean): Promise<void> {
  using sandbox = makeSandbox(run.directory);
  const current: { runtime: RunningRuntime } = { runtime: await RunningRuntime.start(sandbox) };
  try {
    const parts = [binding, kept, agents, prompts, commands, hostFiles, runtimeFacts];
    const uses = chosen(
      parts.flatMap((part) => part(sandbox, () => current.runtime)),
      isWhole,
    );
    const ends = runtimeEnds(sandbox, current, randomBytes(16).toString("hex"));
    run.expect([...uses, ...ends]);
    await run.keepState("before", current.runtime.client);
    await run.perform(uses);
    await run.keepState("after", current.runtime.client);
    await run.perform(ends);
  } finally {
    await current.runtime[Symbol.asyncDispose]();
  }
}

/** Disks that are full and files that are broken. */
async function state(isWhole: boolean): Promise<Tally> {
  const run = new Run("state", { command: "npx mise run test-lifecycle state" });
  const checks = chosen([...stateFiles(run.directory), ...quota(run.directory), ...memory(run.directory)], isWhole);
  run.expect(checks);
  await run.perform(checks);
  return run.finish();
}

/** Clones in a row. */
const IN_A_ROW = 200;

/** Machines that are paused, cloned, many, and made of something damaged. */
async function clones(isWhole: boolean): Promise<Tally> {
  const run = new Run("clones", { command: "npx mise run test-lifecycle clones" });
  using sandbox = makeSandbox(join(run.directory, "rest"));
  const resting = async () => {
    await using runtime = await RunningRuntime.start(sandbox);
    const checks = chosen(
      rest(sandbox, () => runtime),
      isWhole,
    );
    run.expect(checks);
    await run.perform(checks);
  };
  const all = [
    ...randomValues(join(run.directory, "random")),
    ...cloneFaults(sandbox, IN_A_ROW),
    ...(ISOLATION === "vm" ? manyMachines(join(run.directory, "many")) : []),
    ...damagedTemplate(join(run.directory, "damaged")),
  ];
  const others = chosen(all, isWhole);
  run.expect(others);
  // What rests leaves the cores to the others.
  await Promise.all([resting(), run.perform(others)]);
  return run.finish();
}

/** What there is, each with all of it or with what `npm test` has time for. */
export const LIFECYCLE = {
  machines,
  use,
  state,
  clones,
  faults: (isWhole: boolean) => faults(isWhole ? allRows() : quickRows()),
} as const;
