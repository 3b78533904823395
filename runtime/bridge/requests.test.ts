import assert from "node:assert/strict";
import { test } from "node:test";
import { PiworkError } from "../protocol/errors.ts";
import { PendingRequests } from "./requests.ts";

test("an answer reaches who asked; a second one is known, one to nothing is not", async () => {
  const requests = new PendingRequests();
  const answer = requests.wait("1", "line 1", "abort", undefined);
  assert.deepEqual(requests.lines, ["line 1"]);
  assert.equal(requests.answer({ id: "1", ok: true, result: { aborted: true } }), true);
  assert.deepEqual(await answer, { aborted: true });
  assert.deepEqual(requests.lines, []);
  assert.equal(requests.answer({ id: "1", ok: true, result: {} }), true);
  assert.equal(requests.answer({ id: "2", ok: true, result: {} }), false);
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
