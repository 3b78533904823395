import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TaskRecord } from "../api/record.ts";
import { FolderBaselines } from "./folder-baselines.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-baselines-"));
test.after(() => rmSync(root, { recursive: true }));
mkdirSync(join(root, "work/demo"), { recursive: true });
const warned: string[] = [];
const baselines = new FolderBaselines(join(root, "kept"), join(root, "work"), (message) => warned.push(message));
const record = (folder: string | null) =>
  ({ id: "task-1", folder, createdAt: new Date(0).toISOString() }) as TaskRecord;
const demo = { root: join(root, "work"), parts: ["demo"] };

test("what was there at first is kept until the task is deleted", async () => {
  writeFileSync(join(root, "work/demo/old"), "");
  await baselines.take(record("demo"));
  rmSync(join(root, "work/demo/old"));
  writeFileSync(join(root, "work/demo/new"), "");
  const { changes, hasBeginning } = await baselines.changes(record("demo"), demo);
  assert.deepEqual(
    [hasBeginning, changes.map(({ kind, path }) => [kind, path])],
    [
      true,
      [
        ["created", "new"],
        ["deleted", "old"],
      ],
    ],
  );
  baselines.forget("task-1");
  assert.equal(existsSync(join(root, "kept/task-1.json")), false);
  assert.equal((await baselines.changes(record("demo"), demo)).hasBeginning, false);
});

test("without a folder all of the outputs is new", async () => {
  const { changes } = await baselines.changes(record(null), demo);
  assert.deepEqual(
    changes.map(({ kind, path }) => [kind, path]),
    [["created", "new"]],
  );
});

test("what cannot be kept, or read, is said and ends nothing", async () => {
  await baselines.take(record("no-such"));
  mkdirSync(join(root, "kept"), { recursive: true });
  writeFileSync(join(root, "kept/task-1.json"), "{");
  assert.equal((await baselines.changes(record("demo"), demo)).hasBeginning, false);
  assert.equal(warned.length, 2);
});
