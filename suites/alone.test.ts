import assert from "node:assert/strict";
import { test } from "node:test";
import { meantBy } from "../harness/checks/choose.ts";
import { Random } from "../harness/random/random.ts";
import { agentChecks } from "./agent.ts";
import { ALWAYS, takeSample } from "./alone/sample.ts";
import { dumpStateChecks } from "./dump-state.ts";
import { everyCheck } from "./every-check.ts";
import { evidenceChecks } from "./evidence.ts";
import { LIFECYCLE } from "./lifecycle/parts.ts";
import { panelChecks } from "./panel.ts";
import { readmeChecks } from "./readme.ts";
import { screenshotChecks } from "./screenshot.ts";
import { tourChecks } from "./tour.ts";

const SUITES = {
  ...Object.fromEntries(Object.entries(LIFECYCLE).map(([part, { checks }]) => [part, checks()])),
  agent: agentChecks(),
  tour: tourChecks(),
  readme: readmeChecks(),
  panel: panelChecks(),
  "dump-state": dumpStateChecks(),
  screenshot: screenshotChecks(),
  evidence: evidenceChecks(),
};

for (const [suite, checks] of Object.entries(SUITES))
  test(`${suite}: each check stands on checks that run before it`, () => {
    const ids = checks.map(({ id }) => id);
    for (const [at, { id, standsOn = [] }] of checks.entries())
      for (const one of standsOn) assert.equal(ids.slice(0, at).includes(one), true, `${id} stands on ${one}`);
  });

const every = everyCheck();

test("a command runs one check", () => {
  for (const key of ["command", "id"] as const) {
    const all = every.map((known) => known[key]);
    assert.deepEqual(
      all.filter((one, at) => all.indexOf(one) !== at),
      [],
    );
  }
  for (const name of new Set(every.map(({ suite }) => suite))) {
    const ids = every.filter(({ suite }) => suite === name).map(({ id }) => id);
    for (const id of ids) assert.deepEqual(ids.filter(meantBy(id, ids)), [id]);
  }
});

test("a sample has what failed alone before, and checks of every suite; its seed repeats it", () => {
  const sample = takeSample(every, 60, new Random(7));
  assert.equal(new Set(sample.map(({ command }) => command)).size, 60);
  const ids = sample.map(({ id }) => id);
  for (const id of ALWAYS) assert.equal(ids.includes(id), true, id);
  assert.deepEqual(new Set(sample.map(({ suite }) => suite)), new Set(every.map(({ suite }) => suite)));
  assert.deepEqual(takeSample(every, 60, new Random(7)), sample);
  assert.notDeepEqual(takeSample(every, 60, new Random(8)), sample);
});

test("a sample has no check that takes minutes, and at most all others", () => {
  const sample = takeSample(every, 10_000, new Random(1));
  assert.deepEqual(
    sample.filter(({ isLong }) => isLong),
    [],
  );
  assert.equal(sample.length, every.filter(({ isLong }) => !isLong).length);
});
