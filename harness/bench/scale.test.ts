import assert from "node:assert/strict";
import { test } from "node:test";
import { linear, scaleFor } from "./scale.ts";

test("near values start at nothing, far ones are seen by their size", () => {
  assert.equal(scaleFor([5, 9]).logarithmic, false);
  assert.equal(scaleFor([0, 900]).logarithmic, false);
  assert.equal(scaleFor([5, 900]).logarithmic, true);
});

test("every value has its place on its scale", () => {
  for (const values of [[1, 2], [0.4, 7000], [0], [], [90.0001], [0, 0.003]]) {
    const scale = scaleFor(values);
    for (const value of [...values, ...scale.ticks]) {
      const at = scale.at(value);
      assert.equal(at >= 0 && at <= 1, true, `${value} is at ${at}`);
    }
  }
});

test("ticks are round and few", () => {
  assert.deepEqual(linear(73).ticks, [0, 20, 40, 60, 80]);
  assert.deepEqual(linear(200).ticks, [0, 50, 100, 150, 200]);
});
