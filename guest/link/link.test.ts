import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { Link } from "./link.ts";

function setUp() {
  const lines: string[] = [];
  const link = new Link(async (line) => void lines.push(line));
  const seqs = () => lines.map((line) => JSON.parse(line).seq);
  const emit = (message = "x") => link.emit(null, "runtime_warning", { requestId: null, message });
  return { link, seqs, emit };
}

test("what was not acknowledged is sent again, in order, and only that", async () => {
  const { link, seqs, emit } = setUp();
  for (let count = 0; count < 5; count++) await emit();
  link.acknowledge({ type: "ack", seq: 2, taken: {} });
  link.resume(3)();
  assert.deepEqual(seqs(), [1, 2, 3, 4, 5, 4, 5]);
  assert.deepEqual(link.counts, { sent: 5, acknowledged: 3 });
});

test("events that are gone or never were cannot be asked for", async () => {
  const { link, emit } = setUp();
  for (let count = 0; count < 3; count++) await emit();
  link.acknowledge({ type: "ack", seq: 2, taken: {} });
  assert.throws(() => link.resume(1), { code: "INVALID_REQUEST" });
  assert.throws(() => link.resume(4), { code: "INVALID_REQUEST" });
});

test("whoever emits waits while too much is unacknowledged", async () => {
  const { link, emit } = setUp();
  const big = "x".repeat(LIMITS.lineBytes / 2);
  let emitted = 0;
  const all = (async () => {
    for (; emitted < 20; emitted++) await emit(big);
  })();
  await new Promise((resolve) => setImmediate(resolve));
  const before = emitted;
  assert.equal(before, Math.floor(LIMITS.unackedEventBytes / big.length) - 1);
  link.acknowledge({ type: "ack", seq: 4, taken: {} });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(emitted, before + 4);
  for (let seq = 5; seq <= 20; seq++) {
    link.acknowledge({ type: "ack", seq, taken: {} });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await all;
});

test("a command's output waits until most of it was taken", async () => {
  const { link } = setUp();
  let taken = false;
  const waiting = link.untilTaken("r", LIMITS.execWindowBytes + 2).then(() => {
    taken = true;
  });
  link.acknowledge({ type: "ack", seq: 0, taken: { r: 1 } });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(taken, false);
  link.acknowledge({ type: "ack", seq: 0, taken: { r: 2 } });
  await waiting;
});

test("an event longer than a line is refused, and numbers go on without a gap", async () => {
  const { seqs, emit } = setUp();
  await assert.rejects(emit("x".repeat(LIMITS.lineBytes)), { code: "LIMIT_EXCEEDED" });
  await emit();
  assert.deepEqual(seqs(), [1]);
});
