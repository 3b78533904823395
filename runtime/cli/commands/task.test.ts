import assert from "node:assert/strict";
import { test } from "node:test";
import { nameFolder } from "./task.ts";

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
