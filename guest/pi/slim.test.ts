import assert from "node:assert/strict";
import { test } from "node:test";
import { slim } from "./slim.ts";

const message = { role: "assistant", content: [{ type: "text", text: "so far" }], stopReason: "stop" };

test("a piece of an answer comes without what was said before it", () =>
  assert.deepEqual(
    slim({
      type: "message_update",
      message,
      assistantMessageEvent: { type: "text_delta", contentIndex: 0, delta: "far", partial: message },
    }),
    { type: "message_update", assistantMessageEvent: { type: "text_delta", contentIndex: 0, delta: "far" } },
  ));

test("the end of an answer says how it ended, and why; not all of it again", () => {
  const failed = { ...message, stopReason: "error", errorMessage: "503 busy" };
  assert.deepEqual(JSON.parse(JSON.stringify(slim({ type: "message_end", message: failed }))), {
    type: "message_end",
    message: { role: "assistant", stopReason: "error", errorMessage: "503 busy" },
  });
  assert.deepEqual(slim({ type: "agent_end", messages: [message] }), { type: "agent_end" });
});

test("what a person says is there", () => {
  const said = { role: "user", content: [{ type: "text", text: "and b" }] };
  assert.deepEqual(JSON.parse(JSON.stringify(slim({ type: "message_start", message: said }))).message, said);
});

test("what a tool is to write is cut where it is long", () => {
  const { args } = slim({ type: "tool_execution_start", toolCallId: "1", args: { content: "x".repeat(1_000_000) } });
  const { content } = args as { content: string };
  assert.equal(content.length < 70_000, true);
  assert.match(content, /… \(934464 more characters\)$/);
});
