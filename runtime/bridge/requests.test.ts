import assert from "node:assert/strict";
import { test } from "node:test";
import { PiworkError } from "../protocol/errors.ts";
import type { AnswerFrame } from "../protocol/rpc.ts";
import { PendingRequests } from "./requests.ts";

test("an answer reaches who asked; there are as many as the request was sent times, also when it is late", async () => {
  const requests = new PendingRequests();
  const answers = (id: string | null) => requests.answer({ id, ok: true, result: { aborted: true } } as AnswerFrame);
  const answer = requests.wait("1", "line 1", "abort", undefined);
  assert.deepEqual(requests.sendAgain(), ["line 1"]);
  assert.equal(answers("1"), true);
  assert.deepEqual(await answer, { aborted: true });
  assert.deepEqual([requests.size, answers("1"), answers("1")], [0, true, false]);
  const late = requests.wait("2", "line 2", "abort", 1);
  await assert.rejects(late, { code: "SWITCH_TIMEOUT" });
  assert.deepEqual([answers("2"), answers("2"), answers("3"), answers(null)], [true, false, false, false]);
});

test("a refusal, a deadline and the end of the link are told to who asked", async () => {
  const requests = new PendingRequests();
  const refused = requests.wait("1", "", "abort", undefined);
  requests.answer({ id: "1", ok: false, error: { code: "TASK_BUSY", message: "m", retryable: true } });
  await assert.rejects(refused, { code: "TASK_BUSY" });
  await assert.rejects(requests.wait("2", "", "abort", 5), { code: "SWITCH_TIMEOUT" });
  const ended = requests.wait("3", "", "abort", 60_000);
  requests.failAll(new PiworkError("TASK_NOT_READY", "gone"));
  await assert.rejects(ended, { code: "TASK_NOT_READY" });
});

test("an answer that came in while the process was stopped counts, though its deadline is over", async () => {
  const requests = new PendingRequests();
  const answer = requests.wait("1", "", "abort", 5);
  const until = Date.now() + 30;
  setTimeout(() => setImmediate(() => requests.answer({ id: "1", ok: true, result: "in time" })), 5);
  while (Date.now() < until); // nothing is read meanwhile
  assert.equal(await answer, "in time");
});
