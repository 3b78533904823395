import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeAtomically } from "./atomic-file.ts";

const base = mkdtempSync(join(tmpdir(), "piwork-atomic-"));
test.after(() => rmSync(base, { recursive: true }));

test("a file is replaced as a whole, and only its owner can read it", () => {
  const path = join(base, "file");
  writeAtomically(path, "first");
  writeAtomically(path, Buffer.from("second"), { isFleeting: true });
  assert.equal(readFileSync(path, "utf8"), "second");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(base), ["file"]);
});

test("nothing is written through what lies under the draft's name", () => {
  const outside = join(base, "outside");
  writeFileSync(outside, "kept");
  symlinkSync(outside, join(base, "file.draft"));
  writeAtomically(join(base, "file"), "third");
  assert.equal(readFileSync(outside, "utf8"), "kept");
  assert.equal(readFileSync(join(base, "file"), "utf8"), "third");
});
