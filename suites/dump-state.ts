import assert from "node:assert/strict";
import { join } from "node:path";
import { $ } from "zx";
import { type Check, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { chooseChecks, refuseUnknown } from "../harness/checks/choose.ts";
import { beginWith } from "../harness/checks/part.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { connectIfRunning, makeSandbox, PIWORK, type RunningRuntime } from "../harness/runtimes/piwork.ts";
import { unopened } from "../harness/runtimes/unopened.ts";
import { agreeing, makeTasks, type Tasks } from "./dump-state/agreeing.ts";
import { assertNamed, DumpedRuntime } from "./dump-state/dumped-runtime.ts";
import { asCheck } from "./dump-state/fault.ts";
import { guestFaults } from "./dump-state/guest-faults.ts";
import { keptFaults } from "./dump-state/kept-faults.ts";
import { linkFaults } from "./dump-state/link-faults.ts";
import { machineFaults } from "./dump-state/machine-faults.ts";
import { silent } from "./dump-state/silent.ts";
import { toldFaults } from "./dump-state/told-faults.ts";

const COMMAND = "npx mise run test-dump-state";

/** The checks of a runtime as anybody has it. */
function ordinaryChecks(dumped: DumpedRuntime, tasks: Tasks): Check[] {
  const faults = [keptFaults, linkFaults, toldFaults].flatMap((part) => part(dumped, tasks));
  const again: Check = {
    id: "dump.agrees-again",
    standsOn: ["dump.record-differs"],
    claim: "once what was said and kept is mended, nothing contradicts any more",
    run: async () => assertNamed(await dumped.dump("state.after"), []),
  };
  // What is wrong is asked of two machines: each costs a dump its time.
  const stopOne = async () => void (await dumped.client.call("task_stop", { task: tasks.bound }));
  const wrong = faults.map((fault) => asCheck(fault, dumped));
  return [...agreeing(dumped, tasks), ...beginWith(stopOne, [...wrong, again])];
}

/** The checks of a runtime whose machines are done something to. */
function brokenChecks(dumped: DumpedRuntime, tasks: Pick<Tasks, "unbound" | "active">): Check[] {
  const again: Check = {
    id: "dump.agrees-with-other-machines",
    standsOn: ["dump.export-differs"],
    claim: "once the machines are others, nothing contradicts any more",
    run: async () => assertNamed(await dumped.dump("state.after-machines"), []),
  };
  return [...machineFaults(dumped, tasks).map((fault) => asCheck(fault, dumped)), again];
}

/** The checks of a runtime whose machines are there to be attacked, without a panel. */
function attackedChecks(dumped: DumpedRuntime): Check[] {
  return [...guestFaults(dumped).map((fault) => asCheck(fault, dumped)), ...silent(dumped)];
}

/** All checks, as they are called; none of them can be run. */
export function dumpStateChecks(): Check[] {
  const [dumped, tasks] = [unopened<DumpedRuntime>(), unopened<Tasks>()];
  return [...ordinaryChecks(dumped, tasks), ...brokenChecks(dumped, tasks), ...attackedChecks(dumped)];
}

/** How runtimes are started, and the checks of each. */
interface Kind {
  name: string;
  how: Parameters<typeof RunningRuntime.start>[1];
  checks(dumped: DumpedRuntime): Promise<Check[]> | Check[];
  /** the ids of its checks, without a runtime */
  ids: readonly string[];
}

const idsOf = (checks: readonly Check[]) => checks.map(({ id }) => id);

const KINDS: readonly Kind[] = [
  {
    name: "ordinary",
    // Without a pool, whose machines rehearse for seconds beside each task that is opened.
    how: { panel: true, words: ["--pool", "0"] },
    checks: async (dumped) => ordinaryChecks(dumped, await makeTasks(dumped)),
    ids: idsOf(ordinaryChecks(unopened(), unopened())),
  },
  {
    name: "broken",
    how: { words: ["--pool", "0"] },
    async checks(dumped) {
      const unbound = await dumped.makeTask("Unbound");
      return brokenChecks(dumped, { unbound, active: await dumped.makeTask("Active", "active") });
    },
    ids: idsOf(brokenChecks(unopened(), unopened())),
  },
  {
    name: "attacked",
    how: { unsafe: true },
    checks: attackedChecks,
    ids: idsOf(attackedChecks(unopened())),
  },
];

/** Whether dumps of a runtime's state name no contradiction where there is none, and each that is put in on purpose. */
export async function dumpState(filter = ""): Promise<Tally> {
  const command = `${COMMAND} ${filter}`.trim();
  const run = new Run("dump-state", { command, repeat: (id) => `${COMMAND} ${id}` });
  const meant = idsOf(chooseChecks(dumpStateChecks(), filter));
  const kinds = KINDS.filter(({ ids }) => ids.some((id) => meant.includes(id)));
  // Some of them wait most of the time.
  await Promise.all(kinds.map((kind) => performOn(kind, run, meant)));
  return run.finish();
}

async function performOn({ name, how, checks }: Kind, run: Run, meant: readonly string[]): Promise<void> {
  using sandbox = makeSandbox(join(run.directory, name));
  await using dumped = await DumpedRuntime.open(sandbox, run.directory, how);
  const chosen = (await checks(dumped)).filter(({ id }) => meant.includes(id));
  run.expect(chosen);
  await run.perform(chosen);
}

/** Shows the state of the runtime that is up, if one is; then, always, the suite, on runtimes of its own. */
if (import.meta.filename === process.argv[1]) {
  const filter = process.argv[2] ?? "";
  refuseUnknown(filter, dumpStateChecks());
  if (filter === "" && (await connectIfRunning(undefined)) !== undefined) {
    const { ok } = await $({ stdio: "inherit", nothrow: true })`${process.execPath} ${PIWORK} dump-state`;
    assert.equal(ok, true, "the state of the runtime that is up could not be taken");
    console.log();
  }
  await prepareMachines("safe", "unsafe");
  conclude(await dumpState(filter));
}
