import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { folderChoices } from "../api/files.ts";
import { LIMITS } from "../protocol/limits.ts";
import { listFolders, makeFolder } from "./folder-choices.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-folders-"));
test.after(() => rmSync(root, { recursive: true }));
mkdirSync(join(root, "work/b/inner"), { recursive: true });
mkdirSync(join(root, "work/a"));
writeFileSync(join(root, "work/file"), "");
mkdirSync(join(root, "outside"));
symlinkSync("../outside", join(root, "work/link"));
mkdirSync(Buffer.concat([Buffer.from(`${root}/work/`), Buffer.from([0xff])]));
const workspace = join(root, "work");

test("only real directories that can be named are choices", async () => {
  assert.deepEqual(folderChoices.parse(await listFolders(workspace, "")), {
    folders: [
      { name: "a", usable: true },
      { name: "b", usable: true },
    ],
    truncated: false,
  });
  assert.deepEqual((await listFolders(workspace, "b")).folders, [{ name: "inner", usable: true }]);
});

for (const path of ["link", "link/made", "file", "../outside", "no-such", "a/../.."])
  test(`'${path}' is neither looked into nor made into`, async () => {
    await assert.rejects(listFolders(workspace, path), { code: "WORKSPACE_POLICY_VIOLATION" });
    assert.throws(() => makeFolder(workspace, `${path}/made`), { code: "WORKSPACE_POLICY_VIOLATION" });
    assert.deepEqual(readdirSync(join(root, "outside")), []);
  });

test("one directory is made, and never over what is there", () => {
  makeFolder(workspace, "a/made");
  assert.equal(statSync(join(workspace, "a/made")).isDirectory(), true);
  for (const name of ["a", "file", "link"])
    assert.throws(() => makeFolder(workspace, name), { code: "INVALID_REQUEST" });
  assert.throws(() => makeFolder(workspace, "not/there"), { code: "WORKSPACE_POLICY_VIOLATION" });
});

test("of a very large directory only some are listed, and it says so", async () => {
  mkdirSync(join(root, "large"));
  for (let number = 0; number <= LIMITS.listedEntries; number++) mkdirSync(join(root, `large/${number}`));
  const { folders, truncated } = await listFolders(join(root, "large"), "");
  assert.deepEqual([folders.length, truncated], [LIMITS.listedEntries, true]);
});
