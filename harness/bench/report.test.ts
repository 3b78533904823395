import assert from "node:assert/strict";
import { test } from "node:test";
import { type BenchDocument, benchDocument } from "./document.ts";
import { lookAtBench } from "./environment.ts";
import { type Finding, spreadOf } from "./figures.ts";
import { figuresPart } from "./report.ts";
import { renderTable } from "./table.ts";
import { judge } from "./targets.ts";

const samples = [
  { value: 1.5, load: 0.1 },
  { value: null, load: 0.2, failure: "it <died>" },
];
const measured = { describe: "ours", samples, spread: spreadOf(samples) };
const findings: Finding[] = [
  {
    kind: "figure",
    id: "a.time",
    describe: "`true`",
    unit: "ms",
    target: measured,
    alternatives: [{ ...measured, describe: "theirs", where: "host", ratio: 1 }],
  },
  {
    kind: "series",
    id: "a.cost",
    describe: "cost",
    unit: "MB",
    by: "tasks",
    lines: [
      {
        describe: "ours",
        points: [
          { at: 1, value: 4 },
          { at: 2, value: null },
          { at: 3, value: 5 },
        ],
      },
    ],
  },
  {
    kind: "breakdown",
    id: "a.parts",
    describe: "parts",
    unit: "ms",
    bars: [
      {
        describe: "ours",
        phases: [
          { name: "first", value: 0 },
          { name: "second", value: 3 },
        ],
      },
    ],
  },
  { kind: "series", id: "a.none", describe: "nothing yet", unit: "ms", by: "tasks", lines: [] },
];
const document: BenchDocument = {
  schema: 2,
  environment: lookAtBench(),
  finishedAt: null,
  sections: [{ name: "a", describe: "any", findings, failure: "it ended & was over" }],
  targets: judge([{ step: "be quick", of: "a.time", statistic: "p50", limit: 1, unit: "ms" }], findings),
};

test("a document is what its schema says, whatever failed in it", () => {
  assert.deepEqual(benchDocument.parse(JSON.parse(JSON.stringify(document))), document);
});

test("the page shows failures in words, takes none for markup, and needs nothing from elsewhere", () => {
  const page = figuresPart(document).body;
  assert.match(page, /2 taken, 1 failed/);
  assert.match(page, /it &#60;died&#62;/);
  assert.match(page, /it ended &#38; was over/);
  assert.doesNotMatch(page, /<script|src=|href=|@import|url\(|NaN|Infinity|undefined/);
});

test("the table has each way, its failures and its ratio, and what is missing from a target", () => {
  const table = renderTable(document);
  assert.match(table, /theirs +1\.50 ms +failed +failed +2 +1 +0\.2 +1\.00 ×/);
  assert.match(table, /be quick +p50 ≤ 1 ms +1\.50 ms +✗ 0\.50 ms too much, 2 samples/);
});
