import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS } from "../protocol/limits.ts";
import { LogShare } from "./share.ts";

test("logShareBytes, logShareBytesPerSecond: what a task adds of each kind is bounded, and how much was left out is said", () => {
  const share = new LogShare();
  const line = 1000;
  const taken = Array.from({ length: 1000 }, () => share.take("loud", "request", line, 0));
  const lines = taken.filter((leftOut) => leftOut !== undefined).length;
  assert.equal(
    lines * line <= LIMITS.logShareBytes && lines > LIMITS.logShareBytes / (2 * line),
    true,
    `${lines} lines`,
  );
  assert.equal(share.take("loud", "state", line, 1), 0);
  assert.equal(share.take("quiet", "request", line, 1), 0);
  assert.equal(share.take("quiet", "request", LIMITS.logShareBytes, 1), undefined);
  assert.equal(share.take("loud", "request", line, 1), undefined);
  const again = 1 + (2 * line * 1000) / LIMITS.logShareBytesPerSecond;
  assert.equal(share.take("loud", "request", line, again), 1001 - lines);
  assert.equal(share.take("loud", "request", 2 * line, again), undefined);
});
