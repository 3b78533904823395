import assert from "node:assert/strict";
import { test } from "node:test";
import { machineAnswer } from "../api/machine-answers.ts";
import type { Present } from "./fleet.ts";
import { askMachines } from "./machine-answers.ts";

const asking = {
  waits: () => false,
  wake: () => undefined,
  believed: () => ({ records: [], underway: [] }),
  patienceMs: 1,
};

test("a QEMU that says too much does not keep the other machines' answers from being read", async () => {
  for (const runState of [async () => "x".repeat(1000), async () => Promise.reject(new Error("x".repeat(2000)))]) {
    const machine = { id: "machine-1", state: "running", runState };
    const [answer] = await askMachines([{ machine, task: null } as unknown as Present], asking);
    assert.equal(machineAnswer.safeParse(answer).success, true);
  }
});

test("a machine that rests is not asked where there is no memory to wake it, and that is the answer", async () => {
  const bridge = { request: () => assert.fail("it was woken") };
  const machine = { id: "machine-1", state: "paused", runState: async () => "paused", bridge };
  const present = { machine, task: null } as unknown as Present;
  const [answer] = await askMachines([present], { ...asking, wake: () => "no memory" });
  assert.deepEqual(answer?.taskd, { silent: "no memory" });
});
