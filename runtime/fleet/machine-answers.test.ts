import assert from "node:assert/strict";
import { test } from "node:test";
import { machineAnswer } from "../api/machine-answers.ts";
import type { Present } from "./fleet.ts";
import { askMachines } from "./machine-answers.ts";

const asking = { waits: () => false, believed: () => ({ records: [], underway: [] }), patienceMs: 1 };

test("a QEMU that says too much does not keep the other machines' answers from being read", async () => {
  for (const runState of [async () => "x".repeat(1000), async () => Promise.reject(new Error("x".repeat(2000)))]) {
    const machine = { id: "machine-1", state: "running", runState };
    const [answer] = await askMachines([{ machine, task: null } as unknown as Present], asking);
    assert.equal(machineAnswer.safeParse(answer).success, true);
  }
});
