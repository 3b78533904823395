import assert from "node:assert/strict";
import { test } from "node:test";
import type { RuntimeEvent } from "../protocol/events.ts";
import type { AckFrame } from "../protocol/rpc.ts";
import { Receipts } from "./receipts.ts";

function setUp() {
  const acks: AckFrame[] = [];
  const receipts = new Receipts(0, (frame) => acks.push(frame));
  const take = (seq: number, bytes = 1) => receipts.take({ seq } as RuntimeEvent, bytes);
  return { receipts, acks, take };
}

test("events are taken in order and once; one after a gap is not", () => {
  const { receipts, take } = setUp();
  assert.deepEqual(
    [take(1), take(2), take(2), take(1), take(4), take(3)],
    ["next", "next", "known", "known", "gap", "next"],
  );
  assert.equal(receipts.lastSeq, 3);
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
