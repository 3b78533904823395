import assert from "node:assert/strict";
import { test } from "node:test";
import { mintTaskId } from "./task-id.ts";

const cases: [title: string, shape: RegExp][] = [
  ["Fix the login", /^fix-the-login-[0-9a-z]{6}$/],
  ["../../etc/passwd", /^etc-passwd-[0-9a-z]{6}$/],
  ["Überprüfung №5", /^u-berpru-fung-no5-[0-9a-z]{6}$/],
  ["日本語", /^task-[0-9a-z]{6}$/],
  ["-rf", /^rf-[0-9a-z]{6}$/],
  ["x".repeat(120), /^x{40}-[0-9a-z]{6}$/],
];
for (const [title, shape] of cases)
  test(`'${title.slice(0, 20)}' gives a valid id`, () => assert.match(mintTaskId(title), shape));

test("the same title gives different ids", () => {
  assert.equal(new Set(Array.from({ length: 20 }, () => mintTaskId("demo"))).size, 20);
});
