import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { RuntimeEvent } from "../protocol/events.ts";
import { LIMITS } from "../protocol/limits.ts";
import { Transcripts } from "./transcripts.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-transcripts-"));
test.after(() => rmSync(root, { recursive: true }));

function session(task: string, content: string): void {
  mkdirSync(join(root, task, "guest/session"), { recursive: true });
  writeFileSync(join(root, task, "guest/session/session.jsonl"), content);
}

const line = (role: string, text: string) => `${JSON.stringify({ role, text })}\n`;
const text = (taskId: string, requestId: string, delta: string): RuntimeEvent => ({
  type: "event",
  event: "agent_output",
  timestamp: 1,
  seq: 1,
  taskId,
  payload: { requestId, message: { type: "message_update", assistantMessageEvent: { type: "text_delta", delta } } },
});
const end = (taskId: string, requestId: string): RuntimeEvent => ({
  type: "event",
  event: "agent_end",
  timestamp: 1,
  seq: 1,
  taskId,
  payload: { requestId, saved: true },
});
const prompts = (transcripts: Transcripts, task: string) => transcripts.of(task).turns.map(({ prompt }) => prompt);

test("turns of the saved session come before those of this runtime, once", () => {
  session("one", `{"head":1}\n${line("user", "before")}${line("assistant", "answer")}not json\n{"role":"user"}\n`);
  const transcripts = new Transcripts(root);
  transcripts.begin("one", "r1", "now");
  session("one", `{"head":1}\n${line("user", "before")}${line("assistant", "answer")}${line("user", "now")}`);
  transcripts.follow(text("one", "r1", "said"));
  transcripts.follow(end("one", "r1"));
  assert.deepEqual(prompts(transcripts, "one"), ["before", "now"]);
  assert.deepEqual(
    transcripts.of("one").turns.map(({ parts }) => parts),
    [[{ type: "text", text: "answer" }], [{ type: "text", text: "said" }]],
  );
});

test("a session that cannot be read, or is a link, is none", () => {
  mkdirSync(join(root, "linked/guest/session"), { recursive: true });
  writeFileSync(join(root, "secret"), `head\n${line("user", "secret")}`);
  symlinkSync(join(root, "secret"), join(root, "linked/guest/session/session.jsonl"));
  assert.deepEqual(new Transcripts(root).of("linked"), { turns: [], hasEarlier: false });
  assert.deepEqual(new Transcripts(root).of("no-such"), { turns: [], hasEarlier: false });
});

test("of a very long session the end is read", () => {
  session("long", `head\n${line("user", "x".repeat(LIMITS.earlierTurnsBytes))}${line("user", "last")}`);
  const transcripts = new Transcripts(root);
  assert.deepEqual([prompts(transcripts, "long"), transcripts.of("long").hasEarlier], [["last"], true]);
});

test("events of other turns, and of tasks that were forgotten, change nothing", () => {
  const transcripts = new Transcripts(root);
  transcripts.begin("two", "r1", "x");
  transcripts.follow(text("two", "r2", "of another"));
  transcripts.follow(text("three", "r1", "of another"));
  assert.deepEqual(transcripts.of("two").turns[0]?.parts, []);
  transcripts.forget("two");
  transcripts.follow(text("two", "r1", "late"));
  assert.deepEqual(transcripts.of("two").turns, []);
});

test("a prompt that was refused is shown with why", () => {
  const transcripts = new Transcripts(root);
  const error = { code: "TASK_BUSY", message: "busy", retryable: true } as const;
  transcripts.begin("four", "r1", "x");
  transcripts.fail("four", "r1", error);
  assert.deepEqual(transcripts.of("four").turns[0]?.end, { how: "failed", error });
});

test("conversationCharacters: so many are kept, and the oldest turn makes room for one more", () => {
  const transcripts = new Transcripts(root);
  for (const request of ["r1", "r2"]) {
    transcripts.begin("full", request, "x".repeat(LIMITS.conversationCharacters / 2));
    transcripts.follow(end("full", request));
  }
  assert.equal(prompts(transcripts, "full").length, 2);
  transcripts.begin("other", "r3", "x");
  assert.deepEqual([prompts(transcripts, "full").length, transcripts.of("full").hasEarlier], [1, true]);
});

test("room is made by the oldest turns that have ended", () => {
  const transcripts = new Transcripts(root, 100);
  for (const [task, request] of [
    ["old", "r1"],
    ["new", "r2"],
    ["new", "r3"],
  ] as const) {
    transcripts.begin(task, request, request);
    transcripts.follow(text(task, request, "x".repeat(40)));
    transcripts.follow(end(task, request));
  }
  assert.deepEqual([prompts(transcripts, "old"), prompts(transcripts, "new")], [[], ["r2", "r3"]]);
  assert.equal(transcripts.of("old").hasEarlier, true);
  transcripts.begin("new", "r4", "r4");
  transcripts.follow(text("new", "r4", "x".repeat(200)));
  assert.deepEqual(prompts(transcripts, "new"), ["r4"], "one that goes on is kept, whatever its size");
});
