import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { evidenceRun } from "../api/evidence.ts";
import { LIMITS } from "../protocol/limits.ts";
import { listRuns, readReport } from "./runs.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-evidence-"));
test.after(() => rmSync(root, { recursive: true }));
const name = (minute: number, suite: string) => `2026-03-04T05-${String(minute).padStart(2, "0")}-06-007Z-${suite}`;

function run(minute: number, suite: string, files: Record<string, string>): string {
  const directory = join(root, "runs", name(minute, suite));
  mkdirSync(directory, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(directory, file), content);
  return directory;
}

test("no directory, no runs", () => assert.deepEqual(listRuns(root), []));

test("runs are listed with their verdicts, the newest first; what is no run is not", () => {
  run(1, "whole", { "results.json": '{"suite":"whole","passed":2,"failed":0,"more":1}', "report.html": "<p>" });
  run(2, "half", { "results.json": '{"suite":' });
  run(3, "bare", {});
  mkdirSync(join(root, "runs/..strange"));
  const linked = run(4, "linked", {});
  writeFileSync(join(root, "secret"), "secret");
  for (const file of ["results.json", "report.html"]) symlinkSync(join(root, "secret"), join(linked, file));
  symlinkSync(join(root, "runs", name(1, "whole")), join(root, "runs", name(5, "link")));
  const runs = listRuns(root).map((found) => evidenceRun.parse(found));
  assert.deepEqual(
    runs.map(({ suite, checks, report }) => [suite, checks, report]),
    [
      ["link", null, null],
      ["linked", null, null],
      ["bare", null, null],
      ["half", null, null],
      ["whole", { passed: 2, failed: 0 }, `/runs/${name(1, "whole")}/report.html`],
    ],
  );
  assert.equal(runs.at(-1)?.startedAt, "2026-03-04T05:01:06.007Z");
  assert.equal(readReport(root, name(1, "whole"))?.toString(), "<p>");
  for (const other of [name(4, "linked"), name(5, "link"), "..", "../..", name(1, "whole").toLowerCase()])
    assert.equal(readReport(root, other), undefined, other);
});

test("evidenceBytes: a report of so many bytes is shown, and a longer one is none", () => {
  const report = join(run(6, "long", { "report.html": "" }), "report.html");
  truncateSync(report, LIMITS.evidenceBytes); // a hole takes no room
  assert.equal(readReport(root, name(6, "long"))?.length, LIMITS.evidenceBytes);
  truncateSync(report, LIMITS.evidenceBytes + 1);
  assert.equal(readReport(root, name(6, "long"))?.length, undefined);
});

test("only the last ones are listed", () => {
  for (let minute = 10; minute <= 10 + LIMITS.listedRuns; minute++) run(minute, "many", {});
  assert.equal(listRuns(root).length, LIMITS.listedRuns);
});
