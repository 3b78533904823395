import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mutate } from "../harness/mutants/mutant.ts";
import { taskLayer } from "../runtime/protocol/layers.ts";
import { REPOSITORY } from "../runtime/state/places.ts";
import { commandOf, isKnown } from "./mutant-checks.ts";
import { MUTANTS, MUTANTS_OF } from "./mutants/table.ts";
import { UNIT_TESTS } from "./mutants/unit.ts";

const LEAST = 60;
const LEAST_OF_EACH = 3;

test("each mutant applies to the sources as they are, and has an id of its own", () => {
  const wrong = MUTANTS.flatMap((mutant) => {
    try {
      mutate(REPOSITORY, mutant);
      return [];
    } catch (error) {
      return [`${mutant.id}: ${(error as Error).message}`];
    }
  });
  assert.deepEqual(wrong, []);
  const ids = MUTANTS.map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id, at) => ids.indexOf(id) !== at),
    [],
  );
});

test("each names a check that exists, or the unit test that fails", () => {
  const wrong = MUTANTS.filter(({ noticedBy, unitTest }) =>
    unitTest === undefined
      ? !isKnown(noticedBy)
      : noticedBy !== UNIT_TESTS || !unitTest.endsWith(".test.ts") || !existsSync(join(REPOSITORY, unitTest)),
  );
  assert.deepEqual(
    wrong.map(({ id, noticedBy }) => `${id}: ${noticedBy}`),
    [],
  );
  for (const mutant of MUTANTS) assert.equal(existsSync(join(REPOSITORY, commandOf(mutant).program)), true, mutant.id);
});

test("there are some of everything that users rely on, and of each wall", () => {
  assert.equal(MUTANTS.length >= LEAST, true, `only ${MUTANTS.length}`);
  for (const [room, mutants] of Object.entries(MUTANTS_OF))
    assert.equal(mutants.length >= LEAST_OF_EACH, true, `${room} has ${mutants.length}`);
  const layers = new Set(MUTANTS.map(({ layer }) => layer));
  assert.deepEqual(
    taskLayer.options.filter((layer) => !layers.has(layer)),
    [],
  );
});

test("a survivor says in a sentence why it may stay one", () => {
  for (const { id, survivor } of MUTANTS) if (survivor !== undefined) assert.match(survivor, /\w+ \w+ \w+ \w+/, id);
});
