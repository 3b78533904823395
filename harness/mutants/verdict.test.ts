import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { CheckResult } from "../../runtime/api/bundle.ts";
import { judge, verdictOf, verdictOfTests } from "./verdict.ts";

const failed: CheckResult = { id: "a.b", claim: "so", verdict: "failed", milliseconds: 1, reason: "it was otherwise" };
const attack = (through: boolean) => ({
  tried: "cat",
  oracle: "token",
  target: { through, seen: "" },
  control: { through: true, seen: "" },
});

test("a check that failed is red, one that passed is green", () => {
  assert.deepEqual(judge(failed), { is: "red", why: "it was otherwise" });
  assert.equal(judge({ ...failed, verdict: "passed" }).is, "green");
});

test("an attack is red where it got through, and where it failed otherwise nothing was found out", () => {
  assert.equal(judge({ ...failed, attack: attack(true) }).is, "red");
  assert.equal(judge({ ...failed, attack: attack(false) }).is, "none");
  assert.equal(judge({ ...failed, attack: { ...attack(true), target: null } }).is, "none");
});

test("a verdict is found in the bundles of a run that goes on, once its line is whole", () => {
  const runs = mkdtempSync(join(tmpdir(), "piwork-verdict-"));
  test.after(() => rmSync(runs, { recursive: true }));
  assert.equal(verdictOf("a.b", join(runs, "absent")), undefined);
  mkdirSync(join(runs, "one"));
  const line = JSON.stringify(failed);
  writeFileSync(join(runs, "one/results.jsonl"), line.slice(0, 20));
  assert.equal(verdictOf("a.b", runs), undefined);
  writeFileSync(join(runs, "one/results.jsonl"), `${line}\n`);
  assert.equal(verdictOf("a.b", runs)?.is, "red");
  assert.equal(verdictOf("a", runs), undefined);
});

test("a test that fails is red, a file that does not even load says nothing", () => {
  const of = (tap: string) => verdictOfTests(tap, "runtime/x.test.ts").is;
  assert.equal(of("ok 1 - one\nnot ok 2 - two\n"), "red");
  assert.equal(of("ok 1 - one # SKIP\nok 2 - two\n"), "green");
  assert.equal(of("not ok 1 - /copy/runtime/x.test.ts\n"), "none");
  assert.equal(of("ok 1 - one\nnot ok 2 - /copy/runtime/x.test.ts\n"), "none");
  assert.equal(of(""), "none");
});
