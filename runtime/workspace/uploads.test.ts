import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execaSync } from "execa";
import { LIMITS } from "../protocol/limits.ts";
import { makeGuestDirectories } from "./guest-directories.ts";
import { importUpload, removeDrafts } from "./uploads.ts";

const directory = mkdtempSync(join(tmpdir(), "piwork-uploads-"));
test.after(() => rmSync(directory, { recursive: true }));
const places = { tasks: directory, drafts: mkdtempSync(join(directory, "drafts-")) };
makeGuestDirectories(directory, "demo-1");
const uploads = join(directory, "demo-1/guest/uploads");

async function* content(...pieces: string[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece);
}

test("a file comes in whole and read-only", async () => {
  assert.deepEqual(await importUpload(places, "demo-1", "notes.txt", content("a", "bc")), {
    name: "notes.txt",
    bytes: 3,
  });
  assert.equal(readFileSync(join(uploads, "notes.txt"), "utf8"), "abc");
  assert.equal(statSync(join(uploads, "notes.txt")).mode & 0o777, 0o444);
});

test("nothing is replaced, and no link is followed", async () => {
  await assert.rejects(importUpload(places, "demo-1", "notes.txt", content("x")), { code: "INVALID_REQUEST" });
  symlinkSync(join(directory, "elsewhere"), join(uploads, "link"));
  await assert.rejects(importUpload(places, "demo-1", "link", content("x")), { code: "INVALID_REQUEST" });
  assert.equal(existsSync(join(directory, "elsewhere")), false);
  assert.equal(readFileSync(join(uploads, "notes.txt"), "utf8"), "abc");
});

test("uploads that became a link are refused", async () => {
  makeGuestDirectories(directory, "demo-2");
  rmSync(join(directory, "demo-2/guest/uploads"), { recursive: true });
  symlinkSync(tmpdir(), join(directory, "demo-2/guest/uploads"));
  await assert.rejects(importUpload(places, "demo-2", "x", content("x")), { code: "WORKSPACE_POLICY_VIOLATION" });
});

test("a source that breaks leaves nothing", async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from("half");
    throw new Error("broken");
  }
  const before = readdirSync(uploads);
  await assert.rejects(importUpload(places, "demo-1", "half", broken()), { code: "INTERNAL_ERROR" });
  assert.deepEqual([readdirSync(uploads), readdirSync(places.drafts)], [before, []]);
});

test("what a crash left of an import is removed by the next runtime, and the task never saw it", () => {
  const before = readdirSync(uploads);
  const program = `
    import { importUpload } from ${JSON.stringify(new URL("uploads.ts", import.meta.url).href)};
    async function* content() { yield Buffer.from("half"); process.kill(process.pid, "SIGKILL"); }
    await importUpload(${JSON.stringify(places)}, "demo-1", "half", content());`;
  const words = ["--import", "tsx", "--input-type=module", "-e", program];
  const { signal } = execaSync(process.execPath, words, { reject: false });
  assert.equal(signal, "SIGKILL");
  assert.deepEqual([readdirSync(uploads), readdirSync(places.drafts).length], [before, 1]);
  removeDrafts(places.drafts);
  assert.deepEqual(readdirSync(places.drafts), []);
});

test("a file that is too large is refused, and leaves nothing", async () => {
  const before = readdirSync(places.drafts);
  const mebibyte = Buffer.alloc(1024 * 1024);
  async function* tooMuch() {
    // Only the length of the last piece is looked at before it would be written.
    yield mebibyte;
    yield Object.defineProperty(Buffer.alloc(0), "length", { value: LIMITS.uploadBytes });
  }
  await assert.rejects(importUpload(places, "demo-1", "large.bin", tooMuch()), /at most/);
  assert.deepEqual(readdirSync(places.drafts), before);
});
