import assert from "node:assert/strict";
import { test } from "node:test";
import { BUNDLE_LIMITS, type CheckResult } from "../api/bundle.ts";
import { assertControls, assertExecuted, assertVerdicts } from "./verdicts.ts";

const held = { through: false, seen: "nothing" };
const through = { through: true, seen: "a canary" };
const passed: CheckResult = { id: "a", claim: "", verdict: "passed", milliseconds: 0 };
const failed: CheckResult = { ...passed, id: "b", verdict: "failed", reason: "no" };
const attack = (id: string, control: typeof held, dead?: string): CheckResult => ({
  ...passed,
  id,
  attack: { tried: "", oracle: "", target: held, control, ...(dead === undefined ? {} : { dead }) },
});

test("what was to run has run, once, and nothing else has", () => {
  assertExecuted(["a", "b"], ["b", "a"]);
  for (const [expected, executed] of [
    [["a", "b"], ["a"]],
    [["a"], ["a", "b"]],
    [["a"], ["a", "a"]],
    [["a", "a"], ["a"]],
    [[], []],
  ] as const)
    assert.throws(() => assertExecuted(expected, executed), { kind: "checks" });
});

test("a verdict goes with a reason or without, and counts are counted", () => {
  const judge = (results: CheckResult[], counts: [number, number]) =>
    assertVerdicts({ schema: 2, suite: "", expected: [], passed: counts[0], failed: counts[1], results });
  judge([passed, failed], [1, 1]);
  for (const [results, counts] of [
    [
      [passed, failed],
      [2, 0],
    ],
    [[{ ...failed, verdict: "passed" }], [1, 0]],
    [[{ ...passed, verdict: "failed" }], [0, 1]],
    [[{ ...passed, attack: { tried: "", oracle: "", target: through, control: through } }], [1, 0]],
  ] as [CheckResult[], [number, number]][])
    assert.throws(() => judge(results, counts), { kind: "verdicts" });
});

test("an attack that held has a control where it gets through, or says why not; few may", () => {
  const assertThese = (results: CheckResult[]) =>
    assertControls(
      results,
      results.flatMap(({ id, attack }) => (attack === undefined ? [] : [id])),
    );
  const dead = (count: number) => Array.from({ length: count }, (_, at) => attack(`${at}`, held, "it cannot"));
  assertThese([passed, failed, attack("c", through), ...dead(BUNDLE_LIMITS.dead)]);
  for (const results of [
    [attack("c", held)],
    [{ ...passed, attack: { tried: "", oracle: "", target: held, control: null } }],
    [{ ...passed, attack: { tried: "", oracle: "", target: null, control: through } }],
    dead(BUNDLE_LIMITS.dead + 1),
  ])
    assert.throws(() => assertThese(results), { kind: "control" });
  assertThese([{ ...failed, attack: { tried: "", oracle: "", target: null, control: null } }]);
});

test("what was to be an attack is one, and nothing else is", () => {
  assertControls([attack("c", through), passed, failed], ["c", "b"]);
  for (const attacks of [["c", "a"], []])
    assert.throws(() => assertControls([attack("c", through), passed], attacks), { kind: "control" });
});
