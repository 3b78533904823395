import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../harness/host/wait-for.ts";
import type { Random } from "../../harness/random/random.ts";
import { ISOLATION } from "../../harness/runtimes/piwork.ts";
import { attempt } from "../../harness/runtimes/talk.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { isOpen } from "../../runtime/protocol/states.ts";
import { FAULTS } from "../lifecycle/faults/faults.ts";
import type { Testbed } from "../lifecycle/faults/testbed.ts";
import type { Model } from "./model.ts";

/** Folders to choose from, some inside others. */
const FOLDERS = ["a", "a/inner", "b", "b/inner", "b/inner/deep", "c", "d"];
const MOST_TASKS = 6;

export interface Walk {
  testbed: Testbed;
  model: Model;
  random: Random;
}

/** One thing that happens, to the runtime and to the model; gives what it did, in words. */
export type Step = (walk: Walk) => Promise<string>;

function someTask({ model, random }: Walk): string {
  return random.pick([...model.tasks.keys()]);
}

async function fault(id: string, testbed: Testbed, victim = ""): Promise<void> {
  const found = FAULTS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no fault ${id}`);
  await found.inject(testbed, { id: victim, folder: "", token: "" });
}

const create: Step = async (walk) => {
  const { testbed, model, random } = walk;
  if (model.tasks.size >= MOST_TASKS) return remove(walk);
  const folder = random.below(3) === 0 ? null : random.pick(FOLDERS);
  if (folder !== null) mkdirSync(join(testbed.sandbox.workspace, folder), { recursive: true });
  let id = "";
  const outcome = await attempt(async () => {
    ({ id } = await testbed.client.call("task_create", { title: "Walk", folder }));
  });
  if (folder !== null && model.overlaps(undefined, folder)) {
    assert.equal(outcome, "WORKSPACE_POLICY_VIOLATION");
    return `create with ${folder}: refused`;
  }
  assert.equal(outcome, "accepted");
  model.created(id, folder);
  return `create ${id} with ${folder}`;
};

const bind: Step = async (walk) => {
  const { testbed, model, random } = walk;
  const task = model.task(someTask(walk));
  const folder = random.pick(FOLDERS);
  mkdirSync(join(testbed.sandbox.workspace, folder), { recursive: true });
  const outcome = await attempt(() => testbed.client.call("task_bind", { task: task.id, folder }));
  const isSame = task.folder === folder;
  const allowed = isSame || (task.folder === null && !model.overlaps(task.id, folder));
  assert.equal(outcome, allowed ? "accepted" : "WORKSPACE_POLICY_VIOLATION");
  if (allowed) task.folder = folder;
  return `bind ${task.id} to ${folder}: ${outcome}`;
};

/** Opening a task whose folder somebody else works in by now is refused. */
function cannotOpen(model: Model, id: string): boolean {
  const { state, folder } = model.task(id);
  return !isOpen(state) && folder !== null && model.overlaps(id, folder);
}

async function expectRefusal(walk: Walk, id: string, action: () => Promise<unknown>): Promise<string> {
  assert.equal(await attempt(action), "WORKSPACE_POLICY_VIOLATION");
  walk.model.task(id).state = "errored";
  return "refused, its folder is taken";
}

const prompt: Step = async (walk) => {
  const { testbed, model, random } = walk;
  const task = model.task(someTask(walk));
  const message = random.pick([`words ${random.below(1e9)}`, "recall"]);
  if (cannotOpen(model, task.id))
    return `prompt ${task.id}: ${await expectRefusal(walk, task.id, () => testbed.talk.prompt(message, task.id))}`;
  const answer = await testbed.talk.ask(message, task.id);
  const remembered = task.said.map((said) => JSON.stringify(said)).join("\n");
  assert.equal(answer, message === "recall" ? remembered : message);
  model.reached(task.id);
  task.said.push(message);
  task.hasLostTurn = false;
  return `prompt ${task.id}: ${message}`;
};

/** A turn that goes on until something is done about it. */
async function startTurn(testbed: Testbed, id: string): Promise<{ ended: Promise<RuntimeEvent | undefined> }> {
  const events: RuntimeEvent[] = [];
  const ended = testbed.talk
    .prompt("wait", id, (event) => events.push(event))
    .then(
      (all) => all.at(-1),
      () => undefined, // the runtime ended
    );
  await waitFor("a turn in flight", 60_000, () => events.length > 0 || undefined);
  return { ended };
}

const abort: Step = async (walk) => {
  const { testbed, model } = walk;
  const task = model.task(someTask(walk));
  if (cannotOpen(model, task.id)) return prompt(walk);
  const { ended } = await startTurn(testbed, task.id);
  assert.deepEqual(await testbed.client.call("abort", { task: task.id }), { aborted: true });
  assert.equal((await ended)?.event, "agent_end");
  model.reached(task.id);
  task.said.push("wait");
  task.hasLostTurn = false;
  return `abort ${task.id}`;
};

const toggle: Step = async (walk) => {
  const { testbed, model } = walk;
  const id = someTask(walk);
  const action = () => testbed.client.call("task_switch", { task: id });
  if (cannotOpen(model, id)) return `switch ${id}: ${await expectRefusal(walk, id, action)}`;
  await action();
  model.switched(id);
  return `switch ${id}`;
};

const stop: Step = async (walk) => {
  const id = someTask(walk);
  await walk.testbed.client.call("task_stop", { task: id });
  walk.model.stopped(id);
  return `stop ${id}`;
};

const remove: Step = async (walk) => {
  const id = someTask(walk);
  await walk.testbed.client.call("task_delete", { task: id });
  walk.model.deleted(id);
  return `delete ${id}`;
};

const killAgent: Step = async (walk) => {
  const { testbed, model, random } = walk;
  if (model.open.length === 0) return "kill an agent: none runs";
  const task = random.pick(model.open);
  const inTurn = random.below(2) === 0;
  const turn = inTurn ? await startTurn(testbed, task.id) : undefined;
  await fault("kill-agent", testbed, task.id);
  if (turn !== undefined) {
    const end = await turn.ended;
    assert.equal(end?.event === "task_error" && end.payload.error.code, "PI_PROCESS_DEAD");
    task.hasLostTurn = true;
  }
  task.state = "errored";
  return `kill the agent of ${task.id}${inTurn ? " in its turn" : ""}`;
};

/** Kills what carries a task, or all of them, with a turn in flight or without one. */
function killUnder(id: "kill-qemu" | "kill-taskd" | "kill-runtime"): Step {
  return async (walk) => {
    const { testbed, model, random } = walk;
    const task = random.below(2) === 0 && model.open.length > 0 ? random.pick(model.open) : undefined;
    const turn = task === undefined ? undefined : await startTurn(testbed, task.id);
    // A machine that is gone already is started by the first request that needs one.
    await testbed.talk.exec(["true"], { task: testbed.bystander.id });
    const victim = task ?? (ISOLATION === "vm" && model.open.length > 0 ? random.pick(model.open) : testbed.bystander);
    await fault(id, testbed, victim.id);
    await turn?.ended;
    if (task !== undefined) task.hasLostTurn = true;
    if (id === "kill-runtime") {
      await testbed.restart();
      model.runtimeEnded();
    } else {
      await waitFor("the end of the machine", 60_000, async () => {
        const { machines } = await testbed.client.call("status", {});
        return !machines.some((machine) => machine.task === null || machine.task === victim.id) || undefined;
      });
      model.machineLost(ISOLATION === "vm" ? victim.id : undefined);
    }
    return `${id}${ISOLATION === "vm" ? ` under ${victim.id}` : ""}${task === undefined ? "" : ` in the turn of ${task.id}`}`;
  };
}

const restart: Step = async ({ testbed, model }) => {
  await testbed.runtime[Symbol.asyncDispose]();
  await testbed.restart();
  model.runtimeEnded();
  return "restart the runtime";
};

/** What may happen next, and how often. */
export const STEPS: readonly (readonly [weight: number, step: Step])[] = [
  [4, create],
  [3, bind],
  [10, prompt],
  [6, toggle],
  [3, abort],
  [3, stop],
  [1.5, remove],
  [2, killAgent],
  [0.5, killUnder("kill-qemu")],
  [0.5, killUnder("kill-taskd")],
  [0.4, killUnder("kill-runtime")],
  [0.3, restart],
];

export const FIRST: Step = create;
