import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PiworkError } from "../protocol/errors.ts";
import { openBeneath } from "./open-beneath.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-beneath-"));
mkdirSync(join(root, "a/b"), { recursive: true });
mkdirSync(join(root, "..foo"));
writeFileSync(join(root, "file"), "");
symlinkSync("/etc", join(root, "absolute"));
symlinkSync("a", join(root, "inside"));
symlinkSync("loop", join(root, "loop"));
symlinkSync("nowhere", join(root, "dangling"));
test.after(() => rmSync(root, { recursive: true }));

for (const path of ["a", "a/b", "..foo"]) {
  test(`${path} opens`, () => {
    using place = openBeneath(root, path.split("/"));
    assert.equal(statSync(place.path).ino, statSync(join(root, path)).ino);
  });
}

for (const path of [
  "..",
  "a/..",
  "a/../a",
  "absolute",
  "inside",
  "inside/b",
  "loop",
  "dangling",
  "file",
  "file/x",
  "missing",
  "a//b",
  "./a",
  "",
  "a\0",
]) {
  test(`${JSON.stringify(path)} is refused`, () => {
    assert.throws(
      () => openBeneath(root, path.split("/")),
      (error) => error instanceof PiworkError && error.code === "WORKSPACE_POLICY_VIOLATION",
    );
  });
}

test("a root that is a symlink is refused", () => {
  assert.throws(() => openBeneath(join(root, "inside"), []), PiworkError);
});

test("a place stays the same directory when its name is given to another one", () => {
  using place = openBeneath(root, ["a"]);
  const before = statSync(place.path).ino;
  renameSync(join(root, "a"), join(root, "moved"));
  symlinkSync("/etc", join(root, "a"));
  assert.equal(statSync(place.path).ino, before);
});

test("nothing stays open after a refusal", async () => {
  const { readdirSync } = await import("node:fs");
  const open = () => readdirSync("/proc/self/fd").length;
  const before = open();
  for (let i = 0; i < 50; i++) assert.throws(() => openBeneath(root, ["moved", "absolute"]));
  assert.equal(open(), before);
});
