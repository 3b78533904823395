import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "./random.ts";

test("the same seed gives the same choices, another one others", () => {
  const choices = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.below(1000));
  };
  assert.deepEqual(choices(7), choices(7));
  assert.notDeepEqual(choices(7), choices(8));
});

test("choices are spread as their weights say", () => {
  const random = new Random(1);
  let rare = 0;
  for (let count = 0; count < 10_000; count++)
    if (random.weighted([[9, "often"] as const, [1, "rare"] as const]) === "rare") rare++;
  assert.equal(rare > 850 && rare < 1150, true, `${rare} of 10000`);
});
