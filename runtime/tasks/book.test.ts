import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { aTask } from "../api/record.fixture.ts";
import type { TaskRecord } from "../api/record.ts";
import { TaskBook } from "./book.ts";
import { Records } from "./records.ts";

const turn = { id: "turn-1", startedAt: "2026-01-01T00:00:01.000Z" };
const record = aTask("demo-1", { title: "Demo", state: "active", turn });

function setUp(records: readonly TaskRecord[], lastSavedTurn?: string) {
  const directory = mkdtempSync(join(tmpdir(), "piwork-book-"));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  const files = new Records(directory);
  for (const one of records) files.write(one);
  const warnings: string[] = [];
  const changes: string[] = [];
  const book = new TaskBook({
    records: files,
    lastSavedTurn: () => lastSavedTurn,
    changed: (id, from, to) => changes.push(`${id}: ${from} → ${to}`),
    warn: (message) => warnings.push(message),
  });
  return { book, files, directory, warnings, changes };
}

test("what ran when the last runtime ended is stopped, and its turn lost", () => {
  const { book, files } = setUp([record]);
  const found = book.find("demo-1");
  assert.deepEqual([found.state, found.turn, found.lostTurn?.id], ["stopped", null, "turn-1"]);
  assert.deepEqual(files.readAll().records, [found]);
});

test("a turn that the session has is not lost, whenever its end was missed", () => {
  assert.equal(setUp([record], "turn-1").book.find("demo-1").lostTurn, null);
  const { book } = setUp([{ ...record, turn: null, state: "stopped" }], "turn-2");
  book.note("demo-1", { turn: { ...turn, id: "turn-2" } });
  book.endTurn("demo-1", "the machine ended");
  assert.deepEqual([book.find("demo-1").turn, book.find("demo-1").lostTurn], [null, null]);
});

test("one task is active at a time", () => {
  const stopped: TaskRecord = { ...record, state: "stopped", turn: null };
  const { book, changes } = setUp([stopped, { ...stopped, id: "demo-2" }]);
  for (const id of ["demo-1", "demo-2"]) {
    book.become(id, "creating", "opened");
    book.become(id, "ready", "opened");
    book.activate(id);
  }
  assert.deepEqual([book.activeId, book.find("demo-1").state, book.find("demo-2").state], ["demo-2", "idle", "active"]);
  assert.equal(changes.includes("demo-1: active → idle"), true);
});

test("what cannot be written is refused before it counts, and noted where it has happened", () => {
  const { book, directory, warnings } = setUp([{ ...record, turn: null }]);
  rmSync(directory, { recursive: true });
  writeFileSync(directory, ""); // nothing can be made in it any more
  assert.throws(() => book.commit({ ...book.find("demo-1"), title: "Other" }, "the change"), {
    code: "INTERNAL_ERROR",
  });
  assert.equal(book.find("demo-1").title, "Demo");
  book.become("demo-1", "creating", "opened");
  assert.deepEqual([book.find("demo-1").state, book.isWritten, warnings.length > 0], ["creating", false, true]);
});
