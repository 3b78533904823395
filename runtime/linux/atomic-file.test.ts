import assert from "node:assert/strict";
import fs, { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeAtomically } from "./atomic-file.ts";

const base = mkdtempSync(join(tmpdir(), "piwork-atomic-"));
test.after(() => rmSync(base, { recursive: true }));

test("a file is replaced as a whole, and only its owner can read it", () => {
  const path = join(base, "file");
  writeAtomically(path, "first");
  writeAtomically(path, Buffer.from("second"));
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

test("what takes a name is on the disk before, and so is the name before anybody is told", (t) => {
  const { fsyncSync, renameSync } = fs;
  const done: string[] = [];
  const become = (calls: object) => {
    Object.assign(fs, calls);
    syncBuiltinESMExports();
  };
  t.after(() => become({ fsyncSync, renameSync }));
  become({
    fsyncSync: (fd: number) => done.push(`sync ${fs.readlinkSync(`/proc/self/fd/${fd}`)}`),
    renameSync: (from: string, to: string) => {
      done.push("rename");
      renameSync(from, to);
    },
  });
  const path = join(base, "synced");
  writeAtomically(path, "new");
  assert.deepEqual(done, [`sync ${path}.draft`, "rename", `sync ${base}`]);
});
