import assert from "node:assert/strict";
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { type TestContext, test } from "node:test";
import { LIMITS } from "../protocol/limits.ts";
import { findChanges } from "./changes.ts";
import { findPlanted } from "./planted.ts";

const HERE = { root: import.meta.dirname, parts: [] };
const LOOKS = [
  ["changesEntries", "changesMs", () => findChanges(HERE, undefined, new Date())],
  ["plantedEntries", "plantedMs", () => findPlanted(HERE, new Date())],
] as const;

/** Has directories hold this many files, and tells how many were looked at: making so many would take minutes. */
async function filled(t: TestContext, count: number): Promise<() => number> {
  const { lstat, opendir } = files;
  const file = lstat(import.meta.filename);
  let [read, looked] = [0, 0];
  const become = (calls: object) => {
    Object.assign(files, calls);
    syncBuiltinESMExports();
  };
  t.after(() => become({ lstat, opendir }));
  const directory = { read: async () => (read++ < count ? { name: Buffer.from(`${read}`) } : null), async close() {} };
  const look = () => {
    looked++;
    return file;
  };
  // Mocks of the test runner would keep a stack of each call.
  become({ opendir: async () => directory, lstat: look });
  return () => looked;
}

for (const [entries, milliseconds, look] of LOOKS) {
  test(`${entries}: so many names are read, and with more it is said that the look was cut`, async (t) => {
    t.mock.method(performance, "now", () => 0);
    const looked = await filled(t, LIMITS[entries] + 1);
    assert.deepEqual([(await look()).truncated, looked()], [true, LIMITS[entries]]);
  });
  for (const more of [0, 1])
    test(`${milliseconds}: a look that takes ${more} ms more is ${more === 0 ? "whole" : "cut"}`, async (t) => {
      await filled(t, 1);
      const times = [0, LIMITS[milliseconds] + more];
      t.mock.method(performance, "now", () => times.shift());
      assert.equal((await look()).truncated, more > 0);
    });
}
