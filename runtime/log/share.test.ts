import assert from "node:assert/strict";
import { test } from "node:test";
import { LogShare } from "./share.ts";

test("lines of a minute are bounded for each task and kind, and how many were left out is said", () => {
  const share = new LogShare();
  const taken = Array.from({ length: 1000 }, () => share.take("loud", "request", 0));
  assert.equal(taken.filter((leftOut) => leftOut !== undefined).length, 300);
  assert.equal(share.take("loud", "state", 1), 0);
  assert.equal(share.take("quiet", "request", 1), 0);
  assert.equal(share.take("loud", "request", 59_999), undefined);
  assert.equal(share.take("loud", "request", 60_000), 701);
  assert.equal(share.take("loud", "request", 60_001), 0);
});
