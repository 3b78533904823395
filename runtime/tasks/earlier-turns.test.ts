import assert from "node:assert/strict";
import { test } from "node:test";
import { turnsIn } from "./earlier-turns.ts";

const end = { how: "ended", saved: true };
const lines = (...entries: unknown[]) => entries.map((entry) => JSON.stringify(entry));
const message = (message: object) => ({ type: "message", id: "1", parentId: null, message });

test("pi's session gives its turns, with thoughts and with the tools that were used", () => {
  const turns = turnsIn(
    lines(
      { type: "session", version: 3, cwd: "/work" },
      message({ role: "user", content: [{ type: "text", text: "list" }] }),
      message({
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm" },
          { type: "text", text: "I look." },
          { type: "toolCall", id: "c1", name: "bash", arguments: { command: "ls" } },
        ],
      }),
      message({ role: "toolResult", toolCallId: "c1", content: [{ type: "text", text: "a\n" }], isError: false }),
      message({ role: "toolResult", toolCallId: "of no call", content: [], isError: true }),
      message({ role: "assistant", content: [{ type: "text", text: "There is a." }] }),
      { type: "model_change", provider: "x", modelId: "y" },
      message({ role: "user", content: "and now" }),
    ),
  );
  assert.deepEqual(turns, [
    {
      id: null,
      prompt: "list",
      dropped: 0,
      end,
      parts: [
        { type: "thought", text: "hm" },
        { type: "text", text: "I look." },
        { type: "step", call: "c1", tool: "bash", command: "ls", output: "a\n", state: "worked", exitCode: null },
        { type: "text", text: "There is a." },
      ],
    },
    { id: null, prompt: "and now", parts: [], dropped: 0, end },
  ]);
});

test("lines that are none, and answers before any question, are passed over", () => {
  const assistant = message({
    role: "assistant",
    content: [
      { type: "toolCall", id: 1 },
      { type: "text", text: "x" },
    ],
  });
  assert.deepEqual(turnsIn(["", "{", "null", ...lines(assistant, message({ role: "system" }), { role: "user" })]), []);
});
