import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS } from "../protocol/limits.ts";
import { Meter } from "./carry.ts";

test("so many bytes go in one direction and no more", () => {
  const meter = new Meter();
  meter.bytes = LIMITS.networkRequestBytes - 1;
  meter.count(Buffer.alloc(1));
  assert.throws(() => meter.count(Buffer.alloc(1)), /in one direction/);
});
