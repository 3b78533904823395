import assert from "node:assert/strict";
import { test } from "node:test";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";

const LINES = ['{"id":"1","type":"abort","payload":{"taskId":"task-a"}}', '{"type":"ack","seq":1,"taken":{}}'];

test("the same seed gives the same bytes", () => {
  const bytes = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => mutate(random, LINES).toString("hex"));
  };
  assert.deepEqual(bytes(3), bytes(3));
});

test("most lines are changed, some are JSON still, and some are not", () => {
  const random = new Random(5);
  const made = Array.from({ length: 1000 }, () => mutate(random, LINES).toString("utf8"));
  const changed = made.filter((line) => !LINES.includes(line)).length;
  const parsed = made.filter((line) => {
    try {
      return typeof JSON.parse(line) === "object";
    } catch {
      return false;
    }
  }).length;
  assert.equal(changed > 800, true, `${changed} of 1000 changed`);
  assert.equal(parsed > 50 && parsed < 800, true, `${parsed} of 1000 are JSON`);
});
