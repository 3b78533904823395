import assert from "node:assert/strict";
import { test } from "node:test";
import type { RuntimeEvent } from "../protocol/events.ts";
import { PrintedTranscript } from "./transcript.ts";

/** What a person sees of these messages of an agent. */
function shown(...messages: Record<string, unknown>[]): string {
  let text = "";
  const transcript = new PrintedTranscript((piece) => {
    text += piece;
  });
  for (const message of messages) {
    const event: RuntimeEvent = {
      type: "event",
      event: "agent_output",
      timestamp: 0,
      taskId: "task-a",
      seq: 1,
      payload: { requestId: "r", message },
    };
    transcript.show(event);
  }
  transcript.end();
  return text;
}

const start = { type: "tool_execution_start", toolCallId: "1", toolName: "bash", args: { command: "ls" } };
const update = (text: string) => ({
  type: "tool_execution_update",
  toolCallId: "1",
  partialResult: { content: [{ type: "text", text }] },
});
const end = (text: string) => ({
  type: "tool_execution_end",
  toolCallId: "1",
  result: { content: [{ type: "text", text }] },
  isError: false,
});
const say = (delta: string) => ({ type: "message_update", assistantMessageEvent: { type: "text_delta", delta } });

test("text comes as it is streamed, with one newline at its end", () =>
  assert.equal(shown(say("a"), say("b")), "ab\n"));

test("a command and its output, of which updates carry all so far", () => {
  assert.equal(shown(start, update("a\n"), update("a\nb\n"), end("a\nb\nc\n"), say("done")), "$ ls\na\nb\nc\ndone\n");
});

test("output that lost its beginning goes on where it was", () => {
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => `line ${from + at}\n`).join("");
  assert.equal(
    shown(start, update(numbers(0, 100)), update(numbers(20, 120)), end(numbers(40, 140))),
    `$ ls\n${numbers(0, 140)}`,
  );
});

test("output that has nothing in common with what was shown says so", () => {
  assert.equal(shown(start, update("a\n"), end("x\n")), "$ ls\na\n\n[…]\nx\n");
});

test("nothing in a task's output moves the cursor or hides itself", () => {
  assert.equal(shown(say("\u001b[2Ja\u0007\u202eb\tc\r\n")), "\\x1b[2Ja\\x07\\x202eb\tc\n");
});

test("messages that an agent may send and we do not know are passed over", () => {
  assert.equal(
    shown({ type: "queue_update" }, { type: "message_update", assistantMessageEvent: { type: "text_delta" } }),
    "",
  );
});
