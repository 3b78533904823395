import assert from "node:assert/strict";
import { test } from "node:test";
import { saidIn } from "../api/answer.ts";
import type { StatusView } from "../api/status.ts";
import { findPlaces } from "../state/places.ts";
import { aView, consistent } from "./contradictions/consistent.fixture.ts";
import type { HostFacts } from "./host.ts";
import type { Sides } from "./sides.ts";
import { takeDump } from "./take.ts";

const places = findPlaces({ state: "/state" });

/** Sides that say what the fixture has, but for what the test has them say. */
function sides(other: Partial<Sides> = {}): Sides {
  const snapshot = consistent();
  if ("silent" in snapshot.runtime) throw new Error("the fixture's runtime is silent");
  const { status, confined, history } = snapshot.runtime.said;
  const records = (task: string | null) => status.tasks.filter(({ id }) => id === task);
  const machines = snapshot.machines.map(({ id, runtime, qemu, taskd }) => ({
    machine: id,
    state: runtime?.state ?? "ended",
    qemu,
    taskd,
    underway: [],
    records: records(runtime?.task ?? null),
  }));
  const facts: HostFacts = {
    workspace: snapshot.host.workspace,
    tasksDirectory: snapshot.host.tasks,
    activeTask: snapshot.host.activeTask,
    tasks: new Map(snapshot.tasks.map(({ id, host }) => [id, host])),
    machines: new Map(snapshot.machines.map(({ id, host }) => [id, host])),
  };
  return {
    status: async () => structuredClone(status),
    machineAnswers: async () => structuredClone({ confined, history, machines }),
    panel: async () => structuredClone(status),
    host: async () => structuredClone(facts),
    network: async () => ({ policy: { allow: [] }, providers: [], requests: [] }),
    inspect: async () => ({
      record: status.tasks[0] as StatusView["tasks"][number],
      ask: [],
      planted: { findings: [], truncated: false },
    }),
    ...other,
  };
}

const kinds = ({ contradictions }: Awaited<ReturnType<typeof takeDump>>) => contradictions.map(({ kind }) => kind);
const take = (all: Sides) => takeDump(places, undefined, all);

test("sides that agree are asked once", async () => {
  const dump = await take(sides());
  assert.deepEqual([dump.takes, kinds(dump)], [1, []]);
  assert.deepEqual(dump.tasks[0]?.planted, { said: { findings: [], truncated: false } });
});

test("what stands in three takes is named", async () => {
  const answers = await sides().machineAnswers(1);
  const [first] = answers.machines;
  if (first !== undefined) first.qemu = { said: { status: "paused" } };
  const dump = await take(sides({ machineAnswers: async () => structuredClone(answers) }));
  assert.deepEqual([dump.takes, kinds(dump)], [3, ["run-state-differs"]]);
});

test("what was only seen twice, or is another one each time, is not", async () => {
  for (const [takes, ...turns] of [
    [3, 3, 3, 2],
    [6, 3, 4, 5, 6, 7, 8],
    [2, 3, 2],
  ]) {
    const moving = sides();
    let at = 0;
    const dump = await take({
      ...moving,
      async host() {
        const facts = await moving.host(null);
        const kept = facts.tasks.get("one");
        if (kept?.session.is === "saved") kept.session.head.turns = turns[at++] ?? 2;
        return facts;
      },
    });
    assert.deepEqual([dump.takes, kinds(dump)], [takes, []], `turns ${turns}`);
    assert.equal(dump.unsettled, takes === 6 ? 1 : 0, "what never rests is not passed over");
  }
});

test("a record that changes while the sides are asked is not compared", async () => {
  const moving = sides();
  let asked = 0;
  const status = async () => {
    const said = await moving.status();
    const [one] = said.tasks;
    if (one !== undefined) one.title = `title ${++asked}`;
    return said;
  };
  assert.deepEqual(kinds(await take({ ...moving, status })), []);
});

test("a runtime that is silent leaves the rest", async () => {
  const status = async () => Promise.reject(new Error("no answer within 5 s"));
  const dump = await take(sides({ status }));
  assert.deepEqual(dump.runtime, { silent: "no answer within 5 s" });
  assert.deepEqual([dump.tasks.length, dump.machines.length, kinds(dump)], [2, 2, []]);
});

test("machines, a panel and a folder that are silent are said to be", async () => {
  const fail = async () => Promise.reject(new Error("no answer"));
  const dump = await take(sides({ machineAnswers: fail, panel: fail, inspect: fail }));
  assert.deepEqual(dump.machines[0]?.taskd, { silent: "no answer" });
  assert.deepEqual(dump.panel, { silent: "no answer" });
  assert.deepEqual(dump.tasks[0]?.planted, { silent: "no answer" });
  assert.deepEqual(kinds(dump), []);
});

test("without a panel there is a reason instead", async () => {
  const dump = await take(sides({ panel: async () => null }));
  assert.deepEqual(dump.panel, { silent: "there is no panel: the runtime was started --headless" });
});

test("a machine that makes thousands of tasks up is heard in seconds", async () => {
  const answers = await sides().machineAnswers(1);
  const taskd = saidIn(answers.machines[0]?.taskd ?? { silent: "" });
  for (let at = 0; at < 1500; at++) taskd?.state.tasks.push(aView(`made-up-${at}`, { agentPid: 1 }));
  const before = performance.now();
  const dump = await take(sides({ machineAnswers: async () => answers }));
  assert.equal(dump.contradictions.filter(({ subject }) => subject.startsWith("made-up-")).length, 3 * 1500);
  assert.equal(performance.now() - before < 20_000, true, "that took too long");
});
