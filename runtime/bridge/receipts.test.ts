import assert from "node:assert/strict";
import { test } from "node:test";
import type { RuntimeEvent } from "../protocol/events.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { AckFrame } from "../protocol/rpc.ts";
import { ProtocolViolation } from "../protocol/violation.ts";
import { Receipts } from "./receipts.ts";

function setUp() {
  const acks: AckFrame[] = [];
  const receipts = new Receipts(0, (frame) => acks.push(frame));
  const take = (seq: number, bytes = 1) => receipts.take({ seq } as RuntimeEvent, bytes);
  return { receipts, acks, take };
}

test("events are taken in order and once; no taskd leaves one out, or repeats more than it keeps", () => {
  const { receipts, take } = setUp();
  assert.deepEqual([take(1), take(2), take(2), take(1)], [true, true, false, false]);
  assert.throws(() => take(4), ProtocolViolation);
  assert.equal(take(3), true);
  receipts.greeted();
  assert.equal(take(1, LIMITS.unackedEventBytes), false);
  assert.throws(() => take(1), ProtocolViolation);
  receipts.greeted();
  assert.equal(take(1), false);
  receipts.stop();
});

test("much is acknowledged at once, little after a moment", async () => {
  const { acks, take } = setUp();
  take(1);
  assert.equal(acks.length, 0);
  take(2, 1024 * 1024);
  assert.deepEqual(acks, [{ type: "ack", seq: 2, taken: {} }]);
  take(3);
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.equal(acks.at(-1)?.seq, 3);
});

test("what was passed on is counted by command until that has ended", () => {
  const { receipts, acks } = setUp();
  receipts.took("a", 10);
  receipts.took("a", 5);
  receipts.took("b", 1);
  receipts.send();
  receipts.forget("a");
  receipts.send();
  assert.deepEqual(
    acks.map(({ taken }) => taken),
    [{ a: 15, b: 1 }, { b: 1 }],
  );
});
