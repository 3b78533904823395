import assert from "node:assert/strict";
import { test } from "node:test";
import { areaOf } from "./areas.ts";

test("a task has a folder, or its outputs in the place of one, and uploads", () => {
  const places = { workspace: "/ws", tasksDirectory: "/tasks" };
  const kept = (name: string) => ({ root: "/tasks", parts: ["demo", "guest", name] });
  assert.deepEqual(areaOf(places, { id: "demo", folder: "a/b" }, "folder"), { root: "/ws", parts: ["a", "b"] });
  assert.deepEqual(areaOf(places, { id: "demo", folder: null }, "folder"), kept("outputs"));
  assert.deepEqual(areaOf(places, { id: "demo", folder: "a" }, "outputs"), kept("outputs"));
  assert.deepEqual(areaOf(places, { id: "demo", folder: "a" }, "uploads"), kept("uploads"));
});
