import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFacts } from "./facts.ts";

const places = [
  { path: "/work", what: "the user's folder", writable: true },
  { path: "/uploads", what: "what the user gave", writable: false },
];

test("the agent is told which places there are, and which it may write to", () => {
  const words = describeFacts({ folder: "notes", places, decisions: [], ask: [], memoryBytes: 1024 ** 3 });
  assert.match(words, /The user's folder is \/work\./);
  assert.match(words, /- \/work: the user's folder \(writable\)\n- \/uploads: what the user gave \(read-only\)/);
});

test("a task without a folder is not told of one", () =>
  assert.match(
    describeFacts({ folder: null, places, decisions: [], ask: [], memoryBytes: 1024 ** 3 }),
    /has no folder of the user/,
  ));

test("before there is a task, nothing is said of one", () =>
  assert.equal(describeFacts({ folder: null, places: [], decisions: [], ask: [], memoryBytes: 1024 ** 3 }), ""));
