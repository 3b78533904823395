import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Check, Run, type Tally } from "../../harness/checks/checks.ts";
import { withForerunners } from "../../harness/checks/choose.ts";
import { type MachineKind, SAFE, UNSAFE } from "../../harness/machines/prepare.ts";
import { AGENT, ISOLATION, makeSandbox, RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { UNOPENED_SANDBOX, unopened } from "../../harness/runtimes/unopened.ts";
import { agents } from "./agents.ts";
import { binding } from "./binding.ts";
import { cloneFaults } from "./clone-faults.ts";
import { commands } from "./commands.ts";
import { damagedTemplate } from "./damaged-template.ts";
import { faults } from "./faults/run.ts";
import { allRows, asCheck, checkId, isQuick } from "./faults/table.ts";
import { forgedEvents } from "./forged-events.ts";
import { hostFiles } from "./host-files.ts";
import { kept } from "./kept.ts";
import { machineRefusals } from "./machine-refusals.ts";
import { manyMachines } from "./many-machines.ts";
import { memory } from "./memory.ts";
import { prompts } from "./prompts.ts";
import { quota } from "./quota.ts";
import { randomValues } from "./random-values.ts";
import { rest } from "./rest.ts";
import { reusedMachine } from "./reused-machine.ts";
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

/** Which checks of a run are meant. */
export type Choice = (id: string) => boolean;

/** What `npm test` has time for. */
export const QUICK: Choice = (id) => (id.startsWith("fault.") ? isQuick(id) : !SLOW.has(id));

/** Those that are meant and can be had of this agent, with what they stand on. */
function chosen(checks: readonly Check[], isMeant: Choice): Check[] {
  return withForerunners(
    checks.filter(({ id }) => AGENT === "probe" || !OF_PROBE.test(id)),
    isMeant,
  );
}

/** The command that runs a check of these parts alone. */
const alone = (id: string) => `npx mise run test-lifecycle ${id}`;

/** Opens the evidence of a part, unless none of it is meant. */
function open(name: keyof typeof LIFECYCLE, isMeant: Choice): Run | undefined {
  if (!LIFECYCLE[name].checks().some(({ id }) => isMeant(id))) return undefined;
  return new Run(name, { command: `npx mise run test-lifecycle ${name}`, repeat: alone });
}

const NOTHING: Tally = { passed: 0, failed: 0 };

/** Machines that are refused, and the wire to one that is not. */
async function machines(isMeant: Choice): Promise<Tally> {
  const run = open("machines", isMeant);
  if (run === undefined) return NOTHING;
  using sandbox = makeSandbox(run.directory);
  // While they run, every QEMU below this process is one of theirs.
  const refusals = chosen(machineRefusals(sandbox), isMeant);
  const { checks: onWire, close } = wire(sandbox);
  const checks = chosen(onWire, isMeant);
  run.expect([...refusals, ...checks]);
  await run.perform(refusals);
  await run.perform(checks).finally(close);
  return run.finish();
}

/** One runtime through its whole life, used in every way there is. */
async function use(isMeant: Choice): Promise<Tally> {
  const run = open("use", isMeant);
  if (run === undefined) return NOTHING;
  await useOne(run, isMeant);
  return run.finish();
}

const USES = [binding, kept, agents, prompts, commands, hostFiles, runtimeFacts, forgedEvents];

async function useOne(run: Run, isMeant: Choice): Promise<void> {
  using sandbox = makeSandbox(run.directory);
  const current: { runtime: RunningRuntime } = { runtime: await RunningRuntime.start(sandbox) };
  try {
    const uses = USES.flatMap((part) => part(sandbox, () => current.runtime));
    const ends = runtimeEnds(sandbox, current, randomBytes(16).toString("hex"));
    const checks = chosen([...uses, ...ends], isMeant);
    run.expect(checks);
    await run.keepState("before", current.runtime.client);
    await run.perform(checks.filter((check) => uses.includes(check)));
    await run.keepState("after", current.runtime.client);
    await run.perform(checks.filter((check) => ends.includes(check)));
  } finally {
    await current.runtime[Symbol.asyncDispose]();
  }
}

const stateParts = (logs: string) => [stateFiles(logs), quota(logs), memory(logs)];

/** Disks that are full and files that are broken. */
async function state(isMeant: Choice): Promise<Tally> {
  const run = open("state", isMeant);
  if (run === undefined) return NOTHING;
  const parts = stateParts(run.directory).map(({ checks, close }) => ({ checks: chosen(checks, isMeant), close }));
  run.expect(parts.flatMap(({ checks }) => checks));
  for (const { checks, close } of parts) await run.perform(checks).finally(close);
  return run.finish();
}

/** Clones in a row. */
const IN_A_ROW = 200;

const cloning = (sandbox: Sandbox, logs: string) => [
  ...randomValues(join(logs, "random")),
  ...cloneFaults(sandbox, IN_A_ROW),
  ...(ISOLATION === "vm" ? [...manyMachines(join(logs, "many")), ...reusedMachine(join(logs, "reused"))] : []),
  ...damagedTemplate(join(logs, "damaged")),
];

/** Machines that are paused, cloned, many, and made of something damaged. */
async function clones(isMeant: Choice): Promise<Tally> {
  const run = open("clones", isMeant);
  if (run === undefined) return NOTHING;
  using sandbox = makeSandbox(join(run.directory, "rest"));
  let runtime: RunningRuntime | undefined;
  const resting = chosen(
    rest(sandbox, () => runtime ?? assert.fail("no runtime was started")),
    isMeant,
  );
  const others = chosen(cloning(sandbox, run.directory), isMeant);
  run.expect([...resting, ...others]);
  const performResting = async () => {
    if (resting.length === 0) return;
    await using started = await RunningRuntime.start(sandbox);
    runtime = started;
    await run.perform(resting);
  };
  // What rests leaves the cores to the others.
  await Promise.all([performResting(), run.perform(others)]);
  return run.finish();
}

interface Part {
  /** its checks, as they are called; none of them can be run */
  checks(): Check[];
  run(isMeant: Choice): Promise<Tally>;
  /** what its machines are cloned from */
  machines: readonly MachineKind[];
}

/** What there is. */
export const LIFECYCLE = {
  machines: {
    checks: () => [...machineRefusals(UNOPENED_SANDBOX), ...wire(UNOPENED_SANDBOX).checks],
    run: machines,
    machines: [SAFE],
  },
  use: {
    checks: () => [
      ...USES.flatMap((part) => part(UNOPENED_SANDBOX, unopened)),
      ...runtimeEnds(UNOPENED_SANDBOX, unopened(), ""),
    ],
    run: use,
    machines: [SAFE],
  },
  state: { checks: () => stateParts("/unopened").flatMap(({ checks }) => checks), run: state, machines: [SAFE] },
  clones: {
    checks: () => [...rest(UNOPENED_SANDBOX, unopened), ...cloning(UNOPENED_SANDBOX, "/unopened")],
    run: clones,
    machines: [SAFE, UNSAFE],
  },
  faults: {
    checks: () => allRows().map((row) => asCheck(row, unopened)),
    async run(isMeant: Choice) {
      const rows = allRows().filter((row) => isMeant(checkId(row)));
      return rows.length === 0 ? NOTHING : faults(rows);
    },
    machines: [UNSAFE],
  },
} as const satisfies Record<string, Part>;
