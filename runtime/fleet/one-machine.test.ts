import assert from "node:assert/strict";
import { test } from "node:test";
import { MACHINE_MEMORY_MB } from "../machine/template.ts";
import { filesPath } from "../workspace/paths.ts";
import { OneMachine, type OneMachineParts } from "./one-machine.ts";

test("a machine that cannot be given its memory is stopped before another one is started", async () => {
  const running = new Set<string>();
  const source = {
    start: async (id: string) => {
      running.add(id);
      const machine = {
        id,
        memoryMb: MACHINE_MEMORY_MB,
        bootMs: 1,
        ended: new Promise(() => {}),
        growTo: () => Promise.reject(new Error("not enough space")),
        stop: async () => void running.delete(id),
      };
      return { machine, up: Promise.resolve(machine) };
    },
  };
  const places = { workspace: "/", tasks: "/" };
  const parts = { source, files: filesPath, places, observe: () => ({}), memoryBytes: 1024 ** 3 };
  const fleet = new OneMachine(parts as unknown as OneMachineParts);
  for (let attempt = 0; attempt < 2; attempt++) await assert.rejects(fleet.enter(), /not enough space/);
  assert.deepEqual([...running], []);
});
