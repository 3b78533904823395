import assert from "node:assert/strict";
import { test } from "node:test";
import { summarize } from "./statistics.ts";

test("percentiles are samples that were taken, whatever their order", () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  assert.deepEqual(summarize(values), { samples: 100, p50: 50, p95: 95, max: 100 });
  assert.deepEqual(summarize([7]), { samples: 1, p50: 7, p95: 7, max: 7 });
});

test("no sample is no figure", () => assert.throws(() => summarize([])));
