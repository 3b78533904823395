import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineState } from "../protocol/states.ts";
import { assertHostHas, RESERVE_MB, Room } from "./room.ts";

const GIB = 1024 ** 3;
/** Without a process, so nothing of its memory is used. */
const machine = (memoryMb: number, state: MachineState) => ({ memoryMb, state, pid: undefined });

test("what running machines were promised is not there for another one; those that rest keep nothing", () => {
  const machines = [machine(2000, "running"), machine(9000, "paused")];
  const room = new Room(
    () => machines,
    () => 5000 + RESERVE_MB,
  );
  assert.deepEqual([room.has(3000), room.has(3001)], [true, false]);
  assert.deepEqual(
    machines.map((one) => room.unpromised(one)),
    [0, 9000],
  );
});

test("a machine that is about to start counts from the first moment on, and not twice", () => {
  const room = new Room(
    () => [],
    () => 2000 + RESERVE_MB,
  );
  {
    using _promised = room.promise(1500);
    assert.deepEqual([room.has(500), room.has(501)], [true, false]);
  }
  assert.equal(room.has(2000), true);
});

test("what a machine uses already is counted once, as memory that the host has not any more", () => {
  const own = { memoryMb: 1_000_000, state: "running" as const, pid: process.pid };
  const used = new Room(
    () => [own],
    () => 1_000_000 + RESERVE_MB,
  );
  assert.equal(used.has(5), true, "this process uses more than that");
});

test("a host is asked for no more than it has in all, and says how much that is", () => {
  assertHostHas(GIB, 2048);
  assert.throws(() => assertHostHas(2 * GIB, 2048), /2 GiB of memory for tasks .* this host has 2048 MiB in all/);
});

test("more than a machine can be given is refused on any host, with what is possible", () => {
  assertHostHas(2 * 16 * GIB, 1024 ** 2);
  assert.throws(
    () => assertHostHas(2 * 17 * GIB, 1024 ** 2),
    /34 GiB were asked for.*shared.*--memory is 16 GiB at most/,
  );
});
