import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { MachineObserver } from "../machine/machine.ts";
import { REHEARSAL } from "../machine/rehearsal.ts";
import { MACHINE_MEMORY_MB } from "../machine/template.ts";
import type { RuntimeEvent } from "../protocol/events.ts";
import type { MachineState } from "../protocol/states.ts";
import { ProtocolViolation } from "../protocol/violation.ts";
import { filesPath } from "../workspace/paths.ts";
import { MachineEach, type MachineEachParts } from "./machine-each.ts";

const scratch = mkdtempSync(join(tmpdir(), "piwork-each-"));
const fleets: MachineEach[] = [];
after(async () => {
  for (const fleet of fleets) await fleet.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** Time in which the machines of these tests come up, in milliseconds. */
const UP_MS = 300;
const availableMb = Number(/^MemAvailable: *(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) / 1024;
/** A host has this once, and not twice. */
const MOST_OF_IT = availableMb * 0.6 * 1024 ** 2;
const ADMITTED = "admitted";
const NO_ROOM = "no room";

/** A machine without a process, so that it has used nothing of what it was promised. */
function fakeMachine(id: string) {
  const machine = {
    id,
    memoryMb: MACHINE_MEMORY_MB,
    state: "running" as MachineState,
    pid: undefined,
    bootMs: 1,
    connections: 0,
    awake: new Promise(() => {}),
    bridge: {},
    async growTo(memoryMb: number) {
      await delay(UP_MS);
      machine.memoryMb = Math.max(memoryMb, machine.memoryMb);
    },
    resume() {
      if (machine.state === "paused") machine.state = "running";
    },
    async stop() {
      machine.state = "ended";
      end();
    },
    ended: undefined as unknown as Promise<void>,
  };
  let end = () => {};
  machine.ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return machine;
}

/** Machines of which each may use most of what the host has; asking for room that is not there is refused at once. */
async function fleetOfLarge(pool = 0, memory = MOST_OF_IT) {
  const machines: ReturnType<typeof fakeMachine>[] = [];
  /** what each machine says of itself is heard by */
  const heardBy: MachineObserver[] = [];
  /** what was believed of them */
  const believed: string[] = [];
  const source = {
    template: {},
    prepare: async () => {},
    start: async (id: string, _files: unknown, observer: MachineObserver) => {
      await delay(UP_MS);
      heardBy.push(observer);
      const machine = fakeMachine(id);
      machines.push(machine);
      return { machine, up: delay(UP_MS).then(() => machine) };
    },
  };
  const fleet = new MachineEach({
    ...{ source, files: filesPath, places: { workspace: scratch, tasks: scratch }, agent: "probe", scratch, pool },
    memoryOf: () => memory,
    observe: () => ({
      event: ({ taskId, event }: RuntimeEvent) => believed.push(`${taskId}: ${event}`),
      connection: (_stream: Duplex, task: string) => believed.push(`${task}: connection`),
    }),
    lost: () => {},
    isBusy: () => true,
    park: () => Promise.reject(new Error(NO_ROOM)),
    warn: () => {},
  } as unknown as MachineEachParts);
  fleets.push(fleet);
  await fleet.prepare();
  const enter = (task: string) =>
    fleet.enter(task).then(
      () => ADMITTED,
      (error: Error) => error.message,
    );
  return { fleet, machines, enter, heardBy, believed };
}

test("while a machine comes up and grows, its memory is promised to no other", async () => {
  const { enter } = await fleetOfLarge();
  const first = enter("first");
  const later = [];
  for (let after = 0; after < 3 * UP_MS; after += UP_MS / 2) {
    later.push(enter(`after-${after}`));
    await delay(UP_MS / 2);
  }
  assert.equal(await first, ADMITTED);
  assert.deepEqual(new Set(await Promise.all(later)), new Set([NO_ROOM]));
});

test("a machine that is about to go on keeps its memory from another one in the same moment", async () => {
  const { machines, enter } = await fleetOfLarge();
  await enter("first");
  const [machine = assert.fail("no machine")] = machines;
  machine.state = "paused";
  assert.deepEqual(await Promise.all([enter("first"), enter("second")]), [ADMITTED, NO_ROOM]);
  assert.equal(machine.state, "running");
  machine.state = "paused";
  assert.deepEqual(await Promise.all([enter("second"), enter("first")]), [ADMITTED, NO_ROOM]);
  assert.equal(machine.state, "paused");
});

test("two machines that were ready do not both grow into the same memory", async () => {
  const { enter } = await fleetOfLarge(1);
  assert.deepEqual(await Promise.all([enter("first"), enter("second")]), [ADMITTED, NO_ROOM]);
});

test("a machine that rests is not woken to be looked at where another one has the memory", async () => {
  const { fleet, machines, enter } = await fleetOfLarge();
  await enter("first");
  const machine = fleet.machineOf("first") ?? assert.fail("no machine");
  const [fake = assert.fail("no machine")] = machines;
  fake.state = "paused";
  assert.equal(await enter("second"), ADMITTED);
  assert.match(fleet.wake(machine) ?? "", /rests and was not woken: it could use \d+ MiB/);
  assert.equal(fake.state, "paused");
  await fleet.leave("second");
  assert.equal(fleet.wake(machine), undefined);
  assert.equal(fake.state, "running");
});

test("a machine is believed of its own task alone: no event and no connection of another one", async () => {
  const { fleet, heardBy, believed, enter } = await fleetOfLarge(0, 0);
  assert.deepEqual([await enter("first"), await enter("second")], [ADMITTED, ADMITTED]);
  const [first = assert.fail("no machine")] = heardBy;
  const event = (taskId: string | null) => first.event({ event: "task_stopped", taskId } as RuntimeEvent);
  const connect = (task: string) => {
    const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    first.connection(stream, task);
    return stream;
  };
  for (const lie of [() => event("second"), () => event(null), () => connect("second")])
    assert.throws(lie, ProtocolViolation);
  // Its rehearsal may have left something.
  event(REHEARSAL);
  assert.equal(connect(REHEARSAL).destroyed, true);
  assert.deepEqual(believed, []);
  event("first");
  assert.equal(connect("first").destroyed, false);
  assert.deepEqual(believed, ["first: task_stopped", "first: connection"]);
  await fleet.leave("second");
});

test("a machine whose task has left it ends, and the next task gets another one", async () => {
  const { fleet, machines, enter } = await fleetOfLarge(0, 0);
  assert.equal(await enter("first"), ADMITTED);
  await fleet.leave("first");
  assert.deepEqual([await enter("second"), await enter("first")], [ADMITTED, ADMITTED]);
  assert.deepEqual(
    machines.map(({ state }) => state),
    ["ended", "running", "running"],
  );
  const [planted] = machines as unknown[];
  for (const task of ["first", "second"]) assert.notEqual(fleet.machineOf(task), planted);
});
