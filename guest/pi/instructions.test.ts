import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execaSync } from "execa";
import { readInstructions } from "./instructions.ts";

test("a folder's instructions are its first regular file of the known names, cut where it is long", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "piwork-instructions-"));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.deepEqual(readInstructions(folder), []);
  execaSync("mkfifo", [join(folder, "AGENTS.md")]);
  assert.deepEqual(readInstructions(folder), []);
  writeFileSync(join(folder, "CLAUDE.md"), "x".repeat(100_000));
  const [found] = readInstructions(folder);
  assert.equal(found?.path, join(folder, "CLAUDE.md"));
  assert.equal(found?.content.length, 65_536);
});
