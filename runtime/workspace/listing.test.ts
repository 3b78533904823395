import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execaSync } from "execa";
import { listing } from "../api/files.ts";
import { LIMITS } from "../protocol/limits.ts";
import { listDirectory, previewFile } from "./listing.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-listing-"));
test.after(() => rmSync(root, { recursive: true }));
const here = { root, parts: ["task"] };
const inside = (name: string) => join(root, "task", name);
mkdirSync(inside("sub"), { recursive: true });
writeFileSync(inside("sub/file"), "hello");
writeFileSync(inside("long"), Buffer.alloc(LIMITS.previewBytes + 1, "x"));
writeFileSync(Buffer.concat([Buffer.from(inside("bad")), Buffer.from([0xff])]), "");
writeFileSync(join(root, "secret"), "secret");
symlinkSync("../secret", inside("link"));
symlinkSync("sub", inside("sublink"));
execaSync("mkfifo", [inside("pipe")]);
utimesSync(inside("sub/file"), 1e15, 1e15);

test("a listing says what everything is, and follows nothing", async () => {
  const found = listing.parse(await listDirectory(here, ""));
  assert.deepEqual(
    found.entries.map(({ name, type, target }) => [name, type, target]),
    [
      ["bad\\xff", "file", undefined],
      ["link", "symlink", "../secret"],
      ["long", "file", undefined],
      ["pipe", "fifo", undefined],
      ["sub", "directory", undefined],
      ["sublink", "symlink", "sub"],
    ],
  );
  assert.equal(found.entries[0]?.nameBytes, Buffer.from("bad\xff", "latin1").toString("base64"));
  assert.equal(listing.parse(await listDirectory(here, "sub")).entries[0]?.bytes, 5);
});

test("a directory with too many names is listed in part", async () => {
  mkdirSync(inside("many"));
  for (let i = 0; i <= LIMITS.listedEntries; i++) writeFileSync(inside(`many/${i}`), "");
  const found = await listDirectory(here, "many");
  assert.deepEqual([found.entries.length, found.truncated], [LIMITS.listedEntries, true]);
  rmSync(inside("many"), { recursive: true });
});

test("a preview is a file, or its beginning", () => {
  const { content, ...rest } = previewFile(here, "sub/file");
  assert.deepEqual([Buffer.from(content, "base64").toString(), rest], ["hello", { bytes: 5, truncated: false }]);
  const long = previewFile(here, "long");
  assert.deepEqual([long.truncated, Buffer.from(long.content, "base64").length], [true, LIMITS.previewBytes]);
});

for (const path of ["link", "sublink", "sublink/file", "pipe", "sub", "/dev/null", "../secret", "missing/x"]) {
  test(`a preview of ${path} is refused`, () => {
    assert.throws(() => previewFile(here, path), { code: "WORKSPACE_POLICY_VIOLATION" });
  });
}

test("a socket is refused, nothing there is said, and a listing enters no link", async () => {
  const server = createServer().listen(inside("socket"));
  await new Promise((resolve) => server.once("listening", resolve));
  assert.throws(() => previewFile(here, "socket"), /is a socket/);
  server.close();
  assert.throws(() => previewFile(here, "sub/nothing"), { code: "INVALID_REQUEST" });
  await assert.rejects(listDirectory(here, "sublink"), { code: "WORKSPACE_POLICY_VIOLATION" });
});
