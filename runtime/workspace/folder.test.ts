import assert from "node:assert/strict";
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PiworkError } from "../protocol/errors.ts";
import { keepApart, resolveFolder, resolveWorkspaceRoot } from "./folder.ts";

const base = realpathSync(mkdtempSync(join(tmpdir(), "piwork-folder-")));
const root = join(base, "ws");
for (const folder of ["ws/a/b", "ws/..foo", "ws2", "ws/foreign"]) mkdirSync(join(base, folder), { recursive: true });
writeFileSync(join(root, "file"), "");
symlinkSync("../ws2", join(root, "out"));
symlinkSync("a", join(root, "in"));
test.after(() => rmSync(base, { recursive: true }));

const accepted: [named: string, folder: string][] = [
  ["a", "a"],
  ["a/b", "a/b"],
  ["a/", "a"],
  ["..foo", "..foo"],
  [join(root, "a"), "a"],
  [`${root}/a/../a/b`, "a/b"],
];
for (const [named, folder] of accepted) {
  test(`${named.replace(base, "")} is the folder ${folder}`, () => assert.equal(resolveFolder(root, named), folder));
}

const refused = [
  "",
  ".",
  "..",
  "../ws2",
  "a/../../ws2",
  "/etc",
  root,
  `${root}2`,
  "out",
  "in",
  "in/b",
  "file",
  "missing",
  "a//b",
  "a\0",
  "x".repeat(2000),
];
for (const named of refused) {
  test(`${JSON.stringify(named.replace(base, "").slice(0, 40))} is refused`, () => {
    assert.throws(() => resolveFolder(root, named), PiworkError);
  });
}

test("a folder of another user is refused", {
  skip: process.getuid?.() !== 0 && "needs root to give a folder away",
}, () => {
  chownSync(join(root, "foreign"), 12345, 12345);
  assert.throws(() => resolveFolder(root, "foreign"), /belongs to user 12345/);
});

test("the workspace root: a link is followed once, a file, nothing and / are refused", () => {
  assert.equal(resolveWorkspaceRoot(join(root, "in")), join(root, "a"));
  for (const path of [join(root, "file"), join(root, "missing"), "/"])
    assert.throws(() => resolveWorkspaceRoot(path), PiworkError);
});

test("a workspace and a state inside each other are refused, neighbours are not", () => {
  for (const [workspace, state] of [
    ["ws", "ws/a"],
    ["ws/a", "ws"],
    ["ws", "ws"],
  ]) {
    assert.throws(() => keepApart(join(base, workspace ?? ""), join(base, state ?? "")), PiworkError);
  }
  keepApart(join(base, "ws"), join(base, "ws2"));
});
