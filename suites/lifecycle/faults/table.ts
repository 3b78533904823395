import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Check } from "../../../harness/checks/checks.ts";
import { qemusOf } from "../../../harness/host/processes.ts";
import { waitFor } from "../../../harness/host/wait-for.ts";
import { AGENT, ISOLATION } from "../../../harness/runtimes/piwork.ts";
import { attempt, saidText } from "../../../harness/runtimes/talk.ts";
import type { RuntimeEvent } from "../../../runtime/protocol/events.ts";
import { FAULTS, type Fault } from "./faults.ts";
import { MOMENTS, type Moment, type Underway } from "./moments.ts";
import type { Testbed, Victim } from "./testbed.ts";

/** Whatever happens, everything settles within this time. A frozen agent is noticed after 30 s, a frozen machine after 20 s. */
const SETTLE_MS = 90_000;

/** One row: what was under way, what went wrong, and what became of it. */
export interface Row {
  moment: Moment;
  fault: Fault;
  /** what was recovered, in words; set by its run */
  recovered?: string;
}

/** Before its folder is mounted, a task has no agent that could be hurt. */
const IMPOSSIBLE = new Set(["open.folder×kill-agent", "open.folder×freeze-agent"]);
/** A moment that only an agent gives which can be asked not to end. */
const OF_PROBE = "stop";

/** Every moment with every fault that is possible there, the slow ones first. */
export function allRows(): Row[] {
  const rows = MOMENTS.flatMap((moment) => FAULTS.map((fault) => ({ moment, fault })));
  return rows
    .filter((row) => !IMPOSSIBLE.has(rowId(row)) && (AGENT === "probe" || row.moment.id !== OF_PROBE))
    .sort((a, b) => Number(b.fault.isSlow) - Number(a.fault.isSlow));
}

/** Rows for every run of the tests; the whole table takes a quarter of an hour. */
const QUICK: readonly string[] = [
  "fault.open.agent×kill-qemu",
  "fault.bind×kill-taskd",
  "fault.stop×kill-agent",
  "fault.prompt.ended×pause-runtime",
];

export const isQuick = (id: string): boolean => QUICK.includes(id);

export function rowId({ moment, fault }: Row): string {
  return `${moment.id}×${fault.id}`;
}

/** The id of the check of a row. */
export function checkId(row: Row): string {
  return asCheck(row, () => assert.fail("no runtime is there")).id;
}

export function asCheck(row: Row, testbed: () => Testbed): Check {
  const { moment, fault } = row;
  return {
    id: `fault.${rowId(row)}`,
    claim: `${fault.id} at '${moment.id}' is noticed and named, nothing hangs, and every task goes on where it was`,
    run: async () => {
      row.recovered = await run(row, testbed());
    },
  };
}

async function run({ moment, fault }: Row, testbed: Testbed): Promise<string> {
  const victim = await testbed.makeTask({ bound: moment.bound });
  const underway = await moment.begin(testbed, victim);
  // Where a task has a machine of its own, opening it again took another.
  const qemuBefore = await testbed.runtime.qemuPid(victim.id);
  const since = Date.now();
  await fault.inject(testbed, victim);
  if (fault.ends === "nothing") await underway.finish?.();
  if (fault.id === "freeze-agent" && moment.id === "open.agent") await stopHelps(testbed, victim);
  // Not the turn of the agent itself: that has to end because of the fault.
  if (fault.ends === "agent" && underway.turn === undefined) await underway.finish?.();
  const outcome = await settles(underway.outcome, `what was under way at '${moment.id}'`);
  if (fault.ends === "runtime") await testbed.restart();
  if (fault.ends === "machine")
    await waitFor("the end of the machine", SETTLE_MS, async () => !existsSync(`/proc/${qemuBefore}`) || undefined);
  await assertTurn(testbed, victim, fault, underway, outcome);
  const noticed = await provokeNotice(testbed, victim, fault, underway);
  await assertNamed(testbed, victim, fault, since);
  await assertGoesOn(testbed, victim, underway);
  if (moment.id === "bind") await assertBoundOrNot(testbed, victim);
  const qemus = await Promise.all([victim, testbed.bystander].map(({ id }) => testbed.runtime.qemuPid(id)));
  assert.equal(new Set(qemus).size, ISOLATION === "vm" ? 2 : 1, "machines of two tasks");
  assert.deepEqual(new Set(qemusOf(testbed.sandbox)), new Set(qemus), "QEMUs of this runtime");
  const sameMachine = fault.ends !== "runtime" && qemus[0] === qemuBefore;
  await testbed.client.call("task_delete", { task: victim.id });
  assert.equal(existsSync(victim.folder), true, "deleting a task touched its folder");
  await testbed.assertGone(victim.id);
  return [
    fault.ends === "runtime" ? "runtime started again" : sameMachine ? "same machine" : "machine started again",
    ...(noticed ? ["agent started again"] : []),
    underway.turn === undefined
      ? ""
      : underway.turn.isCompleted || fault.ends === "nothing"
        ? "turn kept"
        : "turn reported lost",
  ]
    .filter((words) => words !== "")
    .join(", ");
}

/** A stop ends an opening that hangs. */
async function stopHelps(testbed: Testbed, { id }: Victim): Promise<void> {
  await delay(500); // the agent is frozen at any point of its start
  const stopped = await settles(
    attempt(() => testbed.client.call("task_stop", { task: id })),
    "the stop",
  );
  assert.equal(stopped, "accepted");
}

async function settles(outcome: Promise<string>, what: string): Promise<string> {
  const over = new AbortController();
  const overdue = delay(SETTLE_MS, undefined, { signal: over.signal }).then(() => assert.fail(`${what} hangs`));
  overdue.catch(() => {});
  return Promise.race([outcome, overdue]).finally(() => over.abort());
}

/** A turn ends exactly once; what was in flight is lost and said to be, what was completed is not. */
async function assertTurn(
  testbed: Testbed,
  { id }: Victim,
  fault: Fault,
  { turn }: Underway,
  outcome: string,
): Promise<void> {
  const { turn: inFlight, lostTurn } = await testbed.record(id);
  if (turn === undefined) return;
  assert.equal(inFlight, null, "a turn is still said to be in flight");
  const ends = turn.events.filter(({ event }) => event === "agent_end" || event === "task_error");
  assert.equal(ends.length, fault.ends === "runtime" && !turn.isCompleted ? 0 : 1, "ends of one turn");
  const isLost = !turn.isCompleted && fault.ends !== "nothing";
  assert.equal(
    lostTurn !== null,
    isLost,
    isLost ? "the lost turn is not reported" : "a turn is reported lost that is not",
  );
  if (isLost && fault.ends !== "runtime") assert.equal(outcome, "PI_PROCESS_DEAD");
  if (!isLost) assert.equal(outcome, "accepted");
  if (turn.message.startsWith("flood: ") && !isLost) assertComplete(turn.message, turn.events);
}

/** Nothing of a flood is dropped. */
function assertComplete(message: string, events: readonly RuntimeEvent[]): void {
  assert.equal(saidText(events).length, Number(/\d+/.exec(message)?.[0]));
}

/** An agent that was frozen while nothing was asked of it is noticed by the next prompt. */
async function provokeNotice(testbed: Testbed, { id }: Victim, fault: Fault, { turn }: Underway): Promise<boolean> {
  if (fault.ends !== "agent") return false;
  if (fault.id !== "freeze-agent" || (turn !== undefined && !turn.isCompleted)) return true;
  if ((await testbed.record(id)).state === "stopped") return true;
  const outcome = attempt(() => testbed.talk.promptOrFail("are you there?", id));
  assert.equal(await settles(outcome, "a prompt to a frozen agent"), "PI_PROCESS_DEAD");
  return true;
}

/** What ended is named, with what ended it, in the history of the task or of the machines; what only paused is not. */
async function assertNamed(testbed: Testbed, { id }: Victim, fault: Fault, since: number): Promise<void> {
  if (fault.ends === "runtime") return;
  const words = async () => {
    const concerns = (of: string) => (fault.ends === "agent" ? of === id : of.startsWith("machine-"));
    return (await testbed.history())
      .filter(({ of, at }) => at >= since && concerns(of))
      .map(({ to, why }) => `${to}: ${why}`);
  };
  if (fault.ends === "nothing") {
    const found = (await words()).find((word) => fault.named.test(word));
    assert.equal(found, undefined, "a pause was taken for an end");
    return;
  }
  // A task that was stopped meanwhile has nothing to report.
  await waitFor(
    `${fault.named} in the history`,
    10_000,
    async () => (await words()).some((word) => fault.named.test(word) || word.startsWith("stopped")) || undefined,
  );
}

/** Every completed turn of the victim and of the bystander is remembered, and both answer. */
async function assertGoesOn(testbed: Testbed, victim: Victim, { turn }: Underway): Promise<void> {
  const recalled = await testbed.talk.ask("recall", victim.id);
  assert.equal(recalled.includes(victim.token), true, `the victim's session is lost: ${recalled}`);
  if (turn?.isCompleted) assert.equal(recalled.includes(turn.message), true, "the completed turn is lost");
  assert.equal(recalled.includes(testbed.bystander.token), false, "the victim has the bystander's session");
  assert.equal(
    (await testbed.talk.ask("recall", testbed.bystander.id)).includes(testbed.bystander.token),
    true,
    "the bystander's session is lost",
  );
  const { stdout } = await testbed.talk.exec(["sh", "-c", "echo alive"], { task: victim.id });
  assert.equal(stdout.toString(), "alive\n");
}

/** A bind that was interrupted has happened or not; the record and the task say the same. */
async function assertBoundOrNot(testbed: Testbed, victim: Victim): Promise<void> {
  const { folder } = await testbed.record(victim.id);
  const { stdout } = await testbed.talk.exec(["ls", "/work"], { task: victim.id });
  assert.equal(
    stdout.toString().includes("here"),
    folder !== null,
    `the record says '${folder}', /work has: ${stdout}`,
  );
}
