import assert from "node:assert/strict";
import { test } from "node:test";
import { describeScore, isEnough, scoreOf } from "./score.ts";

const outcomes = (noticedInTest: number, noticedElsewhere: number, unnoticed: number) => [
  ...Array(noticedInTest).fill({ isNoticed: true, isInTest: true }),
  ...Array(noticedElsewhere).fill({ isNoticed: true, isInTest: false }),
  ...Array(unnoticed).fill({ isNoticed: false, isInTest: true }),
];

test("shares are of all mutants, and not rounded up", () => {
  assert.equal(
    describeScore(scoreOf(outcomes(57, 2, 1))),
    "mutants 60 · noticed 59 (98 %) · noticed by npm test 57 (95 %)",
  );
  assert.equal(scoreOf([]).shares.noticed, 0);
});

test("95 of 100 have to be noticed, and 85 by npm test", () => {
  assert.equal(isEnough(scoreOf(outcomes(85, 10, 5))), true);
  assert.equal(isEnough(scoreOf(outcomes(85, 9, 6))), false);
  assert.equal(isEnough(scoreOf(outcomes(84, 16, 0))), false);
  assert.equal(isEnough(scoreOf([])), false);
});
