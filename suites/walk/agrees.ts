import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { qemusOf } from "../../harness/host/processes.ts";
import { ISOLATION } from "../../harness/runtimes/piwork.ts";
import { parseTaskRecord } from "../../runtime/api/record.ts";
import type { StatusView } from "../../runtime/api/status.ts";
import { parseSessionHead } from "../../runtime/protocol/session.ts";
import { MACHINE_TRANSITIONS, TASK_TRANSITIONS } from "../../runtime/protocol/states.ts";
import type { Testbed } from "../lifecycle/faults/testbed.ts";
import type { Model } from "./model.ts";
import type { Walk } from "./steps.ts";

/** What a side has heard of but not noted yet gets this long; a contradiction stays. */
const SETTLE_MS = 10_000;

/** Compares the runtime, its files and its processes with the model; gives what is still on its way a moment. */
export async function agrees(walk: Walk): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    try {
      return await compare(walk);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(100);
    }
  }
}

async function compare(walk: Walk): Promise<void> {
  const { testbed, model } = walk;
  const status = await testbed.client.call("status", {});
  const tasks = status.tasks.filter(({ id }) => id !== testbed.bystander.id);
  const expected = [...model.tasks.values()].map(({ id, state, folder, hasLostTurn }) => ({
    id,
    state,
    folder,
    hasLostTurn,
  }));
  const found = tasks.map(({ id, state, folder, lostTurn }) => ({
    id,
    state,
    folder,
    hasLostTurn: lostTurn !== null,
  }));
  const byId = (one: { id: string }, other: { id: string }) => one.id.localeCompare(other.id, "en");
  assert.deepEqual(found.sort(byId), expected.sort(byId));
  assert.equal(status.activeTask, model.active);
  for (const { turn } of tasks) assert.equal(turn, null, "a turn is in flight that nobody asked for");
  if (ISOLATION === "shared") assert.equal(status.machines.length <= 1, true);
  else assertOwnMachines(status, walk);
  assert.equal(qemusOf(testbed.sandbox).length, status.machines.length, "QEMUs");
  compareFiles(testbed, model);
  await compareHistory(testbed, status.machines.length > 0);
}

/** Each task of which something runs has a machine, and no other has one. */
function assertOwnMachines({ machines }: StatusView, { testbed, model }: Walk): void {
  const expected = [...model.tasks.values()].filter(({ isInMachine }) => isInMachine).map(({ id }) => id);
  const found = machines.map(({ task }) => task).filter((task) => task !== testbed.bystander.id);
  assert.deepEqual(found.sort(), expected.sort(), "tasks that have a machine");
}

function compareFiles(testbed: Testbed, model: Model): void {
  const ids = [...model.tasks.keys(), testbed.bystander.id].sort();
  const records = join(testbed.sandbox.state, "records");
  const files = readdirSync(records)
    .filter((file) => file.endsWith(".json"))
    .sort();
  assert.deepEqual(files, ids.map((id) => `${id}.json`).sort());
  assert.deepEqual(readdirSync(join(testbed.sandbox.state, "tasks")).sort(), ids);
  for (const { id, state, said } of model.tasks.values()) {
    assert.equal(parseTaskRecord(JSON.parse(readFileSync(join(records, `${id}.json`), "utf8"))).state, state);
    const session = join(testbed.sandbox.state, "tasks", id, "guest/session");
    const head = readdirSync(session).includes("session.jsonl")
      ? parseSessionHead(readFileSync(join(session, "session.jsonl"), "utf8"))
      : undefined;
    assert.equal(head?.turns ?? 0, said.length, `turns in the session of ${id}`);
  }
}

/** No side ever went a way that the table of states does not have. */
async function compareHistory(testbed: Testbed, machineRuns: boolean): Promise<void> {
  if (!machineRuns) return; // asking for the history would start one
  const { history, machines } = await testbed.client.call("diag", {});
  for (const { of, from, to, why } of [...history, ...machines.flatMap(({ guest }) => guest.history)]) {
    const table: Readonly<Record<string, readonly string[]>> = of.startsWith("machine-")
      ? MACHINE_TRANSITIONS
      : TASK_TRANSITIONS;
    assert.equal(table[from]?.includes(to), true, `${of}: ${from} to ${to}: ${why}`);
  }
}
