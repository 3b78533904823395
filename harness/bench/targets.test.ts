import assert from "node:assert/strict";
import { test } from "node:test";
import { type Figure, spreadOf } from "./figures.ts";
import { type FigureTarget, judge } from "./targets.ts";

const measured = (describe: string, values: (number | null)[]) => {
  const samples = values.map((value) => ({ value, load: 0 }));
  return { describe, samples, spread: spreadOf(samples) };
};
const figure = (id: string, values: (number | null)[], beside: number[] = []): Figure => ({
  kind: "figure",
  id,
  describe: "",
  unit: "ms",
  target: measured("", values),
  alternatives: beside.length === 0 ? [] : [{ ...measured("", beside), where: "runtime", ratio: null }],
});
const row = (more: Partial<FigureTarget> = {}): FigureTarget => ({
  step: "open",
  of: "open.time",
  statistic: "p50",
  limit: 10,
  unit: "ms",
  ...more,
});
const verdict = (target: FigureTarget, ...figures: Figure[]) => judge([target], figures)[0];

test("a limit is reached by what does not exceed it", () => {
  assert.equal(verdict(row(), figure("open.time", [10]))?.verdict, "reached");
  assert.equal(verdict(row(), figure("open.time", [10.1]))?.verdict, "missed");
  assert.equal(verdict(row(), figure("open.time", [null, null, 1]))?.verdict, "missed");
});

test("what was not measured, or not often enough, is neither", () => {
  assert.equal(verdict(row())?.verdict, "not measured");
  const few = verdict(row({ statistic: "p95" }), figure("open.time", [1, 2]));
  assert.deepEqual([few?.verdict, few?.remark], ["not measured", "2 of the 20 samples it takes"]);
});

test("a total can ask of how many it is", () => {
  const total = row({ of: "many.memory", samples: 3, counted: "many.answer" });
  assert.equal(verdict(total, figure("many.memory", [1]))?.verdict, "not measured");
  assert.equal(verdict(total, figure("many.memory", [1]), figure("many.answer", [1, 1]))?.verdict, "not measured");
  assert.equal(verdict(total, figure("many.memory", [1]), figure("many.answer", [1, 1, 1]))?.verdict, "reached");
});

test("failures can be a target, and so can what something costs more", () => {
  assert.equal(verdict(row({ statistic: "failed", limit: 0 }), figure("open.time", [1, null]))?.measured, 1);
  assert.equal(verdict(row({ statistic: "above", limit: 3 }), figure("open.time", [8], [6]))?.measured, 2);
});
