import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openBeneath } from "../linux/open-beneath.ts";
import { LIMITS } from "../protocol/limits.ts";
import { measureUsage } from "./usage.ts";

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "piwork-usage-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function measure(folder: string) {
  using place = openBeneath(folder, []);
  return await measureUsage(place);
}

test("lengths count, also of what has holes; a hard link once; what a link leads to never", async () => {
  const folder = makeFolder();
  const outside = makeFolder();
  writeFileSync(join(outside, "big"), Buffer.alloc(5_000_000));
  symlinkSync(outside, join(folder, "out"));
  const before = await measure(folder);
  assert.deepEqual([before.entries, before.bytes < 10_000], [1, true]);
  writeFileSync(join(folder, "file"), Buffer.alloc(1_000_000));
  linkSync(join(folder, "file"), join(folder, "again"));
  writeFileSync(join(folder, "holes"), "");
  truncateSync(join(folder, "holes"), 7_000_000);
  const after = await measure(folder);
  assert.equal(after.entries, 4);
  assert.equal(after.bytes - before.bytes >= 8_000_000 && after.bytes - before.bytes < 8_100_000, true);
});

test("what lies too deep is counted as not reached", async () => {
  const folder = makeFolder();
  let path = folder;
  for (let level = 0; level <= LIMITS.walkLevels; level++) {
    path = join(path, "d");
    mkdirSync(path);
  }
  assert.deepEqual(await measure(folder).then(({ entries, unreached }) => [entries, unreached]), [
    LIMITS.walkLevels + 1,
    1,
  ]);
});

test("nothing stays open", async () => {
  const { readdirSync } = await import("node:fs");
  const folder = makeFolder();
  mkdirSync(join(folder, "a/b/c"), { recursive: true });
  const before = readdirSync("/proc/self/fd").length;
  for (let i = 0; i < 20; i++) await measure(folder);
  assert.equal(readdirSync("/proc/self/fd").length, before);
});

test("a look can be given up", async () => {
  using place = openBeneath(makeFolder(), []);
  writeFileSync(`${place.path}/x`, "");
  await assert.rejects(measureUsage(place, AbortSignal.abort(new Error("enough"))), /enough/);
});
