import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { aTask } from "../api/record.fixture.ts";
import { parseTaskRecord } from "../api/record.ts";
import { Records } from "./records.ts";

const directory = mkdtempSync(join(tmpdir(), "piwork-records-"));
test.after(() => rmSync(directory, { recursive: true }));
const record = aTask("demo-1", { folder: "a/b", state: "ready" });

test("what is written is read, oldest first; a draft left by a crash is not a record", () => {
  const records = new Records(directory);
  records.write({ ...record, id: "later", createdAt: "2026-01-02T00:00:00.000Z" });
  records.write(record);
  records.write({ ...record, state: "stopped" });
  writeFileSync(join(directory, "demo-1.json.draft"), "{");
  const { records: found, broken } = new Records(directory).readAll();
  assert.deepEqual(
    found.map(({ id, state }) => [id, state]),
    [
      ["demo-1", "stopped"],
      ["later", "ready"],
    ],
  );
  assert.deepEqual(broken, []);
});

test("a broken record is named and keeps no other from being read", () => {
  writeFileSync(join(directory, "broken.json"), "{");
  writeFileSync(join(directory, "renamed.json"), JSON.stringify(record));
  const { records, broken } = new Records(directory).readAll();
  assert.equal(records.length, 2);
  assert.deepEqual(broken.map(({ message }) => /records?-[^ ]*\/(\w+)\.json/.exec(message)?.[1]).sort(), [
    "broken",
    "renamed",
  ]);
});

test("an id that is a path writes nothing", () => {
  assert.throws(() => new Records(directory).write({ ...record, id: "../escaped" }));
  assert.equal(readdirSync(join(directory, "..")).includes("escaped.json"), false);
});

test("the active task is remembered, and unknown before there was one", () => {
  const other = mkdtempSync(join(tmpdir(), "piwork-active-"));
  test.after(() => rmSync(other, { recursive: true }));
  const records = new Records(other);
  assert.equal(records.readActive(), undefined);
  records.writeActive("demo-1");
  assert.equal(new Records(other).readActive(), "demo-1");
  assert.deepEqual(records.readAll(), { records: [], broken: [] });
});

test("records of earlier versions are read as what they said", () => {
  const { memoryBytes: _m, ...four } = record;
  const { thinking: _t, ...three } = four;
  const { growth: _a, ...two } = three;
  const { sharedFolder: _b, model: _c, turn: _d, lostTurn: _e, ...one } = two;
  for (const old of [
    { ...four, version: 4 },
    { ...three, version: 3 },
    { ...two, version: 2 },
    { ...one, version: 1 },
  ])
    assert.deepEqual(parseTaskRecord(old), record);
});
