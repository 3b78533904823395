import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compare, rankTest, readBench, renderComparison } from "./compare.ts";
import type { BenchDocument } from "./document.ts";
import { lookAtBench } from "./environment.ts";
import { spreadOf } from "./figures.ts";

const measured = (describe: string, values: (number | null)[]) => {
  const samples = values.map((value) => ({ value, load: 0 }));
  return { describe, samples, spread: spreadOf(samples) };
};

function bench(values: (number | null)[], host: number[] = [1]): BenchDocument {
  const alternative = { ...measured("plain", host), where: "host" as const, ratio: null };
  const target = measured("", values);
  const figure = {
    kind: "figure" as const,
    id: "a.b",
    describe: "",
    unit: "ms" as const,
    target,
    alternatives: [alternative],
  };
  return {
    schema: 2,
    environment: lookAtBench(),
    finishedAt: null,
    targets: [],
    sections: [{ name: "a", describe: "", findings: [figure] }],
  };
}

const around = (middle: number) => [0.9, 0.95, 1, 1, 1.05, 1.1, 1.02, 0.98].map((factor) => factor * middle);
const verdict = (before: BenchDocument, after: BenchDocument) => compare(before, after)[0]?.verdict;

test("what moved further than its spread is slower or faster", () => {
  assert.equal(verdict(bench(around(10)), bench(around(15))), "slower");
  assert.equal(verdict(bench(around(15)), bench(around(10))), "faster");
  assert.equal(verdict(bench(around(10)), bench(around(10.5))), "same");
});

test("what moved within its spread may be the same", () => {
  assert.equal(verdict(bench([1, 5, 9, 20, 30, 2, 8, 40]), bench([2, 6, 12, 25, 28, 3, 9, 44])), "within its spread");
});

test("a few samples say nothing", () => {
  assert.equal(verdict(bench([1, 1, 1, 1, 1]), bench([9, 9, 9, 9, 9])), "too few samples");
  assert.equal(verdict(bench([1, 1, 1, 1, 1, 1]), bench([9, 9, 9, 9, 9, 9])), "slower");
});

test("failures make it slower", () => {
  assert.equal(verdict(bench(around(10)), bench(around(10).map(() => null))), "slower");
});

test("a slower host is named beside what became slower", () => {
  const [then, now] = [bench(around(10), [1]), bench(around(20), [2])];
  assert.match(renderComparison(compare(then, now), "then"), /slower, as is the host/);
  assert.match(renderComparison(compare(then, bench(around(20), [1])), "then"), /SLOWER/);
});

test("the chance of a rank test is that of its tables", () => {
  // All of ten above all of ten: z = (50 - 0.5) / sqrt(175).
  const { chance, more } = rankTest([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  assert.equal(chance.toFixed(5), "0.00018");
  assert.equal(more, true);
  assert.equal(rankTest([1, 1, 1], [1, 1, 1]).chance, 1);
});

test("what is no bench.json is said to be none", () => {
  const directory = mkdtempSync(join(tmpdir(), "piwork-compare-"));
  try {
    const path = join(directory, "bench.json");
    assert.throws(() => readBench(path), /cannot be read: ENOENT/);
    for (const content of ["{", '{"schema":1}']) {
      writeFileSync(path, content);
      assert.throws(() => readBench(path), /is not a bench.json of this version/);
    }
    writeFileSync(path, JSON.stringify(bench([1, null])));
    assert.equal(readBench(path).sections[0]?.findings[0]?.id, "a.b");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
