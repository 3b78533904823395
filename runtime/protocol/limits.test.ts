import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { dialogAnswer } from "./agent.ts";
import { History } from "./history.ts";
import { innerPath, relativeFolder, title } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { commands } from "./rpc.ts";
import { taskMemory } from "./task-memory.ts";

const { prompt, steer, system_bash: bash, runtime_warm: warm } = commands;
const path = (bytes: number) =>
  "a/"
    .repeat(bytes)
    .slice(0, bytes - 1)
    .concat("a");
const task = { taskId: "demo-1" };

/** Each limit that a schema states: the schema, and what has the size of the limit. */
const STATED: [limit: keyof typeof LIMITS, schema: z.ZodType, sized: (size: number) => unknown][] = [
  ["titleCharacters", title, (size) => "x".repeat(size)],
  ["folderBytes", relativeFolder, path],
  ["innerPathBytes", innerPath, path],
  ["answerCharacters", dialogAnswer, (size) => ({ value: "x".repeat(size) })],
  ["promptCharacters", prompt.payload, (size) => ({ ...task, message: "x".repeat(size) })],
  ["promptCharacters", steer.payload, (size) => ({ ...task, message: "x".repeat(size), when: "now" })],
  ["execWords", bash.payload, (size) => ({ ...task, argv: Array(size).fill("x") })],
  ["execWordBytes", bash.payload, (size) => ({ ...task, argv: ["echo", "x".repeat(size)] })],
  ["execTimeoutMs", bash.payload, (size) => ({ ...task, argv: ["true"], timeoutMs: size })],
  ["warmSlots", warm.payload, (size) => ({ agent: "probe", slots: size })],
  ["mostTaskMemoryBytes", taskMemory, (size) => size],
];
for (const [limit, schema, sized] of STATED)
  test(`${limit}: as much is taken, and one more is refused`, () => {
    const taken = schema.safeParse(sized(LIMITS[limit]));
    assert.equal(taken.success, true, taken.error?.message);
    assert.equal(schema.safeParse(sized(LIMITS[limit] + 1)).success, false);
  });

test("leastTaskMemoryBytes: as little is taken, and one less is refused", () => {
  assert.equal(taskMemory.safeParse(LIMITS.leastTaskMemoryBytes).success, true);
  assert.equal(taskMemory.safeParse(LIMITS.leastTaskMemoryBytes - 1).success, false);
});

test("history: the oldest change is forgotten", () => {
  const history = new History();
  for (let change = 0; change <= LIMITS.history; change++) history.add(`task-${change}`, "ready", "active", "");
  assert.deepEqual([history.last.length, history.last[0]?.of], [LIMITS.history, "task-1"]);
});
