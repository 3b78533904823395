import assert from "node:assert/strict";
import { test } from "node:test";
import type { RuntimeEvent } from "../protocol/events.ts";
import { LIMITS } from "../protocol/limits.ts";
import { addEvent, newTurn, turn as turnSchema, weightOf } from "./conversation.ts";

const ID = "request-1";
const envelope = { type: "event", timestamp: 1, taskId: "task-1", seq: 1 } as const;
const said = (message: Record<string, unknown>): RuntimeEvent => ({
  ...envelope,
  event: "agent_output",
  payload: { requestId: ID, message },
});
const text = (delta: string) => said({ type: "message_update", assistantMessageEvent: { type: "text_delta", delta } });
const step = (type: string, more: object) => said({ type: `tool_execution_${type}`, toolCallId: "call-1", ...more });
const output = (words: string) => ({ content: [{ type: "text", text: words }] });

test("texts and steps come in the order in which they happened", () => {
  const turn = newTurn(ID, "do it");
  for (const event of [
    text("one "),
    text("text"),
    step("start", { toolName: "bash", args: { command: "ls" } }),
    step("update", { partialResult: output("a") }),
    step("end", { result: output("a\nb\n"), isError: false }),
    text("after"),
    { ...envelope, event: "agent_end", payload: { requestId: ID, saved: true } } as const,
  ])
    addEvent(turn, event);
  assert.deepEqual(turnSchema.parse(turn), {
    id: ID,
    prompt: "do it",
    parts: [
      { type: "text", text: "one text" },
      { type: "step", call: "call-1", tool: "bash", command: "ls", output: "a\nb\n", state: "worked", exitCode: 0 },
      { type: "text", text: "after" },
    ],
    dropped: 0,
    end: { how: "ended", saved: true },
  });
});

test("a step that failed has the exit code of its last line, where it says one", () => {
  for (const [words, exitCode] of [
    ["x\nCommand exited with code 7\n", 7],
    ["Command exited with code 7\nand more\n", null],
    ["", null],
  ] as const) {
    const turn = newTurn(ID, "");
    addEvent(turn, step("start", { toolName: "bash", args: { command: "x" } }));
    addEvent(turn, step("end", { result: output(words), isError: true }));
    const [part] = turn.parts;
    assert.deepEqual(part?.type === "step" && [part.state, part.exitCode], ["failed", exitCode]);
  }
});

test("thoughts, words of a person meanwhile, failures of the model and edits are parts of their own", () => {
  const turn = newTurn(ID, "do it");
  const thought = (delta: string) =>
    said({ type: "message_update", assistantMessageEvent: { type: "thinking_delta", delta } });
  const spoken = (text: string) =>
    said({ type: "message_start", message: { role: "user", content: [{ type: "text", text }] } });
  for (const event of [
    spoken("do it"),
    thought("hm, "),
    thought("so"),
    text("well"),
    step("start", { toolName: "edit", args: { path: "a.txt", edits: [] } }),
    step("end", { result: { ...output("Changed."), details: { diff: "-a\n+b" } }, isError: false }),
    spoken("and b"),
    spoken("and c"),
    said({ type: "message_end", message: { role: "assistant", stopReason: "error", errorMessage: "503 busy" } }),
    said({ type: "auto_retry_start", attempt: 1, maxAttempts: 3, delayMs: 2000, errorMessage: "503 busy" }),
  ])
    addEvent(turn, event);
  assert.deepEqual(turnSchema.parse(turn).parts, [
    { type: "thought", text: "hm, so" },
    { type: "text", text: "well" },
    {
      type: "step",
      call: "call-1",
      tool: "edit",
      command: "edit a.txt",
      output: "Changed.\n-a\n+b",
      state: "worked",
      exitCode: null,
    },
    { type: "steer", text: "and b" },
    { type: "steer", text: "and c" },
    { type: "failure", text: "The model did not answer to the end: 503 busy" },
    { type: "note", text: "Trying again in 2 s (1 of 3)." },
  ]);
});

test("what no agent should say changes nothing", () => {
  const turn = newTurn(ID, "");
  for (const message of [{}, { type: "message_update" }, { type: "tool_execution_end", toolCallId: 1 }])
    addEvent(turn, said(message));
  addEvent(turn, step("end", { result: output("of no step"), isError: false }));
  assert.deepEqual(turn, newTurn(ID, ""));
});

test("what is kept of a turn is bounded, and the rest is counted", () => {
  const turn = newTurn(ID, "");
  const piece = "x".repeat(LIMITS.turnCharacters / 4);
  for (let pieces = 0; pieces < 5; pieces++) addEvent(turn, text(piece));
  assert.deepEqual([weightOf(turn), turn.dropped], [LIMITS.turnCharacters, piece.length]);
  const many = newTurn(ID, "");
  for (let calls = 0; calls <= LIMITS.turnParts; calls++)
    addEvent(many, said({ type: "tool_execution_start", toolCallId: `${calls}`, toolName: "x", args: {} }));
  assert.deepEqual([many.parts.length, many.dropped], [LIMITS.turnParts, "x {}".length]);
  const long = newTurn(ID, "");
  addEvent(long, step("start", { toolName: "bash", args: { command: "x" } }));
  addEvent(long, step("update", { partialResult: output("y".repeat(LIMITS.stepCharacters + 1)) }));
  const last = long.parts.at(-1);
  assert.equal(last?.type === "step" && last.output.length, LIMITS.stepCharacters);
});

test("minimumPieceCharge: a short piece counts what it takes to keep it", () => {
  const turn = newTurn(ID, "");
  for (let pieces = 0; pieces < 100; pieces++) addEvent(turn, text("x"));
  assert.deepEqual([weightOf(turn), turn.parts.length], [100 * LIMITS.minimumPieceCharge, 1]);
});
