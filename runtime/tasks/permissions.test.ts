import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { TaskPermissions } from "./permissions.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-permissions-"));
test.after(() => rmSync(root, { recursive: true }));
const directories = { decisions: join(root, "decisions"), policy: join(root, "policy") };
const permissions = new TaskPermissions(directories);
const one = { id: "task-one", folder: "a" };

test("a decision counts for its task and the folder that it was made in, once", () => {
  assert.deepEqual(permissions.of(one), { decisions: [], ask: [] });
  permissions.allow(one, "delete files");
  permissions.allow(one, "delete files");
  permissions.allow({ ...one, folder: null }, "move or rename files");
  const anew = new TaskPermissions(directories);
  assert.deepEqual(anew.of(one).decisions, ["delete files"]);
  assert.deepEqual(anew.of({ ...one, folder: "b" }).decisions, []);
  assert.deepEqual(anew.of({ id: "task-two", folder: "a" }).decisions, []);
  assert.equal(anew.list().length, 2);
  assert.equal(statSync(join(directories.decisions, "task-one.json")).mode & 0o777, 0o600);
});

test("decisions are forgotten one by one, of a task, or with the task", () => {
  const [first] = permissions.list("task-one");
  assert.throws(() => permissions.clear(undefined, "00000000"), /no such decision/);
  assert.equal(permissions.clear(undefined, first?.id).length, 1);
  assert.deepEqual(permissions.of(one).decisions, []);
  permissions.allow(one, "delete files");
  assert.equal(permissions.clear("task-one", undefined).length, 2);
  permissions.allow(one, "delete files");
  permissions.setAsk("task-one", ["secret/**"]);
  assert.deepEqual(permissions.of(one), { decisions: ["delete files"], ask: ["secret/**"] });
  permissions.forget("task-one");
  assert.deepEqual(permissions.of(one), { decisions: [], ask: [] });
});

test("a damaged file lets nobody go on without it", () => {
  permissions.allow(one, "delete files");
  writeFileSync(join(directories.decisions, "task-one.json"), "{");
  assert.throws(() => permissions.of(one), /cannot be read\. Mend it/);
});
