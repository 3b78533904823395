import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readPackageNames } from "./package-names.ts";

test("the packages are those of the list and those asked for, each once, sorted, without comments", (t) => {
  const repo = mkdtempSync(join(tmpdir(), "piwork-packages-"));
  t.after(() => rmSync(repo, { recursive: true }));
  mkdirSync(join(repo, "guest"));
  writeFileSync(join(repo, "guest/packages.txt"), "dash # a shell\n\nbash\n");
  assert.deepEqual(readPackageNames(repo, ["git", "bash"]), ["bash", "dash", "git"]);
  assert.throws(() => readPackageNames(repo, ["-y"]));
});
