import assert from "node:assert/strict";
import { test } from "node:test";
import { hostDirectories } from "./host-directories.ts";

test("a task has a folder, or its outputs in the place of one, and uploads", () => {
  const files = hostDirectories({ workspace: "/ws", tasks: "/tasks", drafts: "/drafts" });
  const own = (name: string) => ({ root: "/tasks", parts: ["demo", "guest", name] });
  assert.deepEqual(files.directory({ id: "demo", folder: "a/b" }, "folder"), { root: "/ws", parts: ["a", "b"] });
  assert.deepEqual(files.directory({ id: "demo", folder: null }, "folder"), own("outputs"));
  assert.deepEqual(files.directory({ id: "demo", folder: "a" }, "outputs"), own("outputs"));
  assert.deepEqual(files.directory({ id: "demo", folder: "a" }, "uploads"), own("uploads"));
});
