import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../../control/client.ts";
import { PiworkError } from "../../protocol/errors.ts";
import { inspect, nameFolder } from "./task.ts";

const cases: [written: string, cwd: string, named: string][] = [
  ["/ws/a", "/home", "/ws/a"],
  ["/etc", "/ws", "/etc"],
  [".", "/ws", "/ws"],
  ["a", "/ws/b", "b/a"],
  ["../a", "/ws/b", "a"],
  ["ws/a", "/", "a"],
  ["a/b", "/home", "a/b"],
  ["../x", "/home", "../x"],
  [".", "/ws/b", "b"],
  [".", "/ws", "/ws"],
  ["ws2/a", "/", "ws2/a"],
];
for (const [written, cwd, named] of cases) {
  test(`'${written}' in ${cwd} names '${named}'`, () => assert.equal(nameFolder(written, "/ws", cwd), named));
}

test("a task whose folder was deleted is shown, with what is wrong with the folder", async () => {
  const record = { id: "a-task" };
  const call = async (name: string) => {
    if (name === "task_show") return record;
    throw new PiworkError("WORKSPACE_POLICY_VIOLATION", "'a' does not exist.");
  };
  const inspected = await inspect({ call } as unknown as Client, undefined);
  assert.deepEqual(inspected, { record, ask: [], planted: null, missing: "'a' does not exist." });
});
