import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCount, parseMemory, parseSize } from "./size.ts";

test("sizes are read as people write them", () => {
  assert.deepEqual(["4096", "500M", "1.5g", "2T"].map(parseSize), [
    4096,
    500 * 1024 ** 2,
    1.5 * 1024 ** 3,
    2 * 1024 ** 4,
  ]);
  for (const text of ["", "0", "-1", "M", "5X", "1e9", "9999999T", "5 M"]) assert.throws(() => parseSize(text));
});

test("the memory of a task is neither too little for an agent nor more than any machine has", () => {
  assert.deepEqual(["256M", "1.5G", "32g"].map(parseMemory), [256 * 1024 ** 2, 1.5 * 1024 ** 3, 32 * 1024 ** 3]);
  for (const text of ["255M", "33G", "0", "much"]) assert.throws(() => parseMemory(text));
  assert.throws(() => parseMemory("64M"), /between 256 MiB and 32 GiB/);
});

test("counts are whole and above 0", () => {
  assert.equal(parseCount("100000"), 100_000);
  for (const text of ["", "0", "1.5", "-1", "x"]) assert.throws(() => parseCount(text));
});
