import assert from "node:assert/strict";
import { test } from "node:test";
import { growthOf, type Sample, type Series, spreadOf } from "./figures.ts";

const samples = (...values: (number | null)[]): Sample[] => values.map((value) => ({ value, load: 0 }));
const series = (values: (number | null)[]): Series => ({
  kind: "series",
  id: "a.b",
  describe: "",
  unit: "ms",
  by: "tasks",
  lines: [{ describe: "", points: values.map((value, index) => ({ at: index + 1, value })) }],
});

test("percentiles are samples that were taken, whatever their order", () => {
  assert.deepEqual(spreadOf(samples(3, 1, 2)), { taken: 3, failed: 0, p50: 2, p95: 3, max: 3 });
});

test("a failed sample counts as greater than every other", () => {
  assert.deepEqual(spreadOf(samples(null, 1, 2)), { taken: 3, failed: 1, p50: 2, p95: null, max: null });
  assert.deepEqual(spreadOf(samples(null, null, 2)), { taken: 3, failed: 2, p50: null, p95: null, max: null });
});

test("nothing taken is no figure", () => {
  assert.deepEqual(spreadOf([]), { taken: 0, failed: 0, p50: null, p95: null, max: null });
});

test("growth is that of the middles of both ends, which one slow sample does not change", () => {
  assert.equal(growthOf(series([10, 90, 10, 1, 1, 20, 20, 1000])), 2);
  assert.equal(growthOf(series([10, 20])), null);
  assert.equal(growthOf(series([10, 10, 10, null, null, 10])), null);
});
