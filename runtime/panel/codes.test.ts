import assert from "node:assert/strict";
import { test } from "node:test";
import { OneTimeCodes } from "./codes.ts";

test("a code of another runtime, an altered one and no code open nothing", () => {
  const codes = new OneTimeCodes();
  const code = codes.make(60_000);
  const last = code.endsWith("0") ? "1" : "0";
  const later = `f${code.slice(1)}`;
  for (const wrong of [new OneTimeCodes().make(60_000), code.slice(0, -1) + last, later, ` ${code}`, `${code}00`, ""])
    assert.equal(codes.use(wrong), false, wrong);
  assert.equal(codes.use(code), true);
});
