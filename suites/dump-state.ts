import assert from "node:assert/strict";
import { join } from "node:path";
import { $ } from "zx";
import { type Check, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { connectIfRunning, makeSandbox, PIWORK } from "../harness/runtimes/piwork.ts";
import { agreeing, makeTasks, type Tasks } from "./dump-state/agreeing.ts";
import { assertNamed, DumpedRuntime } from "./dump-state/dumped-runtime.ts";
import { asCheck } from "./dump-state/fault.ts";
import { guestFaults } from "./dump-state/guest-faults.ts";
import { keptFaults } from "./dump-state/kept-faults.ts";
import { linkFaults } from "./dump-state/link-faults.ts";
import { machineFaults } from "./dump-state/machine-faults.ts";
import { silent } from "./dump-state/silent.ts";
import { toldFaults } from "./dump-state/told-faults.ts";

/** Shows the state of the runtime that is up, if one is; then, always, the suite, on runtimes of its own. */
if (import.meta.filename === process.argv[1]) {
  if ((await connectIfRunning(undefined)) !== undefined) {
    const { ok } = await $({ stdio: "inherit", nothrow: true })`${process.execPath} ${PIWORK} dump-state`;
    assert.equal(ok, true, "the state of the runtime that is up could not be taken");
    console.log();
  }
  await prepareMachines("safe", "unsafe");
  conclude(await dumpState());
}

/** Whether dumps of a runtime's state name no contradiction where there is none, and each that is put in on purpose. */
export async function dumpState(): Promise<Tally> {
  const run = new Run("dump-state", { command: "npx mise run test-dump-state" });
  // Some of them wait most of the time.
  await Promise.all([ordinary(run), broken(run), attacked(run)]);
  return run.finish();
}

/** A runtime as anybody has it, with its panel; without a pool, whose machines rehearse for seconds beside each task that is opened. */
async function ordinary(run: Run): Promise<void> {
  using sandbox = makeSandbox(join(run.directory, "ordinary"));
  await using dumped = await DumpedRuntime.open(sandbox, run.directory, { panel: true, words: ["--pool", "0"] });
  const tasks: Tasks = await makeTasks(dumped);
  const faults = [keptFaults, linkFaults, toldFaults].flatMap((part) => part(dumped, tasks));
  const again: Check = {
    id: "dump.agrees-again",
    claim: "once what was said and kept is mended, nothing contradicts any more",
    run: async () => assertNamed(await dumped.dump("state.after"), []),
  };
  const checks = [...agreeing(dumped, tasks), ...faults.map((fault) => asCheck(fault, dumped)), again];
  run.expect(checks);
  await run.perform(checks);
}

/** A runtime whose machines are done something to. */
async function broken(run: Run): Promise<void> {
  using sandbox = makeSandbox(join(run.directory, "broken"));
  await using dumped = await DumpedRuntime.open(sandbox, run.directory, { words: ["--pool", "0"] });
  const tasks = { unbound: await dumped.makeTask("Unbound"), active: await dumped.makeTask("Active", "active") };
  const faults = machineFaults(dumped, tasks).map((fault) => asCheck(fault, dumped));
  const again: Check = {
    id: "dump.agrees-with-other-machines",
    claim: "once the machines are others, nothing contradicts any more",
    run: async () => assertNamed(await dumped.dump("state.after-machines"), []),
  };
  const checks = [...faults, again];
  run.expect(checks);
  await run.perform(checks);
}

/** A runtime whose machines are there to be attacked, without a panel. */
async function attacked(run: Run): Promise<void> {
  using sandbox = makeSandbox(join(run.directory, "attacked"));
  await using dumped = await DumpedRuntime.open(sandbox, run.directory, { unsafe: true });
  const faults = guestFaults(dumped).map((fault) => asCheck(fault, dumped));
  const checks = [...faults, ...silent(dumped)];
  run.expect(checks);
  await run.perform(checks);
}
