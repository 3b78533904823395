import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { erofsVersion, makeErofs } from "./erofs.ts";

const never = new AbortController().signal;

test("the same files make the same image, whatever the order they were written in, their times and their place", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "piwork-erofs-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const files = Array.from({ length: 200 }, (_, index) => [`f${index * 7}`, "x".repeat(index * 97)] as const);
  const build = async (name: string, order: typeof files, time: number) => {
    const root = join(dir, name);
    mkdirSync(join(root, "sub"), { recursive: true });
    for (const [file, content] of order) {
      writeFileSync(join(root, "sub", file), content);
      utimesSync(join(root, "sub", file), time, time);
    }
    await makeErofs(root, join(dir, `${name}.erofs`), never);
    return readFileSync(join(dir, `${name}.erofs`));
  };
  const first = await build("one", files, 1_000_000);
  const second = await build("another-place", files.toReversed(), 2_000_000);
  assert.equal(first.equals(second), true);
});

test("the tool says its version", async () => {
  assert.match(await erofsVersion(never), /^\d+\.\d+/);
});
