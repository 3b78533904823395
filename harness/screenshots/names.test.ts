import assert from "node:assert/strict";
import { test } from "node:test";
import { wrongName } from "./names.ts";

test("names that stay where pictures are kept", () => {
  for (const name of ["boundary", "many-tasks", "1", "x".repeat(63)]) assert.equal(wrongName(name), undefined, name);
});

test("names that lead elsewhere, hide or have no end", () => {
  const wrong = ["../x", "/tmp/x", "a/b", "..", ".x", "-x", "UPPER", "a b", "a\0b", "a\n", "", "é", "x".repeat(64)];
  for (const name of [...wrong, "x.png", "x.diff"]) assert.match(wrongName(name) ?? "", /is no name/, name);
});
