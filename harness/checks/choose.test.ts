import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseChecks, meantBy, standing, withForerunners } from "./choose.ts";

const CHAIN = [
  { id: "make" },
  { id: "use", standsOn: ["make"] },
  { id: "other" },
  { id: "use-again", standsOn: ["use"] },
];
const idsOf = (checks: readonly { id: string }[]) => checks.map(({ id }) => id);

test("a check brings what it stands on, and what that stands on, in their order", () => {
  assert.deepEqual(idsOf(chooseChecks(CHAIN, "use-again")), ["make", "use", "use-again"]);
  assert.deepEqual(idsOf(chooseChecks(CHAIN, "other")), ["other"]);
});

test("an id means its own check, although another's begins with it", () => {
  assert.deepEqual(idsOf(chooseChecks(CHAIN, "use")), ["make", "use"]);
  assert.deepEqual(idsOf(chooseChecks(CHAIN, "us")), ["make", "use", "use-again"]);
  assert.equal(meantBy("use", ["other"])("use-again"), true);
});

test("no filter means all, and one that nothing has means none", () => {
  assert.deepEqual(chooseChecks(CHAIN, ""), CHAIN);
  assert.deepEqual(chooseChecks(CHAIN, "absent"), []);
});

test("any choice is completed in the same way", () => {
  const isWanted = (id: string) => id !== "use";
  assert.deepEqual(withForerunners(CHAIN, isWanted), CHAIN);
});

test("all of some checks can stand on one of them", () => {
  const checks = standing("make", [{ id: "make" }, { id: "a" }, { id: "b", standsOn: ["a"] }]);
  assert.deepEqual(
    checks.map(({ standsOn }: { standsOn?: readonly string[] }) => standsOn),
    [undefined, ["make"], ["make", "a"]],
  );
});
