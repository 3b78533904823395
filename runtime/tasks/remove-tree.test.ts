import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { removeTree } from "./remove-tree.ts";

const scratch = mkdtempSync(join(tmpdir(), "piwork-remove-"));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

test("deep, odd and closed trees go; what links lead to stays", () => {
  const tree = join(scratch, "tree");
  mkdirSync(tree);
  const outside = join(scratch, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "mine"), "");
  symlinkSync(outside, join(tree, "link"));
  mkdirSync(join(tree, ".piwork-removed-1/inner"), { recursive: true });
  writeFileSync(join(tree, ".piwork-removed-1/inner/file"), "");
  writeFileSync(join(tree, ".piwork-removed-2"), "");
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0xfe])]), "");
  // Deeper than a path may be long.
  const before = process.cwd();
  process.chdir(tree);
  for (let depth = 0; depth < 60; depth++) {
    const name = "d".repeat(200);
    mkdirSync(name);
    process.chdir(name);
    writeFileSync("file", "");
    symlinkSync(outside, "link");
  }
  process.chdir(before);
  chmodSync(join(tree, "d".repeat(200)), 0);
  removeTree(tree);
  assert.deepEqual([existsSync(tree), existsSync(join(outside, "mine"))], [false, true]);
});

test("a link, a file and nothing at all are no trees", () => {
  symlinkSync(scratch, join(scratch, "to-scratch"));
  removeTree(join(scratch, "to-scratch"));
  removeTree(join(scratch, "nothing"));
  assert.deepEqual([existsSync(join(scratch, "to-scratch")), existsSync(scratch)], [false, true]);
});
