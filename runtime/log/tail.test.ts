import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LIMITS } from "../protocol/limits.ts";
import { readLogTail } from "./tail.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-log-tail-"));
test.after(() => rmSync(root, { recursive: true }));

test("a short log is shown whole, of a long one the last whole lines", () => {
  assert.deepEqual(readLogTail(root, "piwork"), { text: "", truncated: false });
  writeFileSync(join(root, "piwork.log"), "one\ntwo\n");
  assert.deepEqual(readLogTail(root, "piwork"), { text: "one\ntwo\n", truncated: false });
  writeFileSync(join(root, "piwork.log"), `${"x".repeat(LIMITS.logTailBytes)}\nlast\n`);
  assert.deepEqual(readLogTail(root, "piwork"), { text: "last\n", truncated: true });
});

test("a link is not followed", () => {
  symlinkSync("/etc/passwd", join(root, "qemu.log"));
  assert.throws(() => readLogTail(root, "qemu"), { code: "WORKSPACE_POLICY_VIOLATION" });
});
