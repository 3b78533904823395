import assert from "node:assert/strict";
import { test } from "node:test";
import { refuseUnconfinedRoot, unconfined } from "./unconfined.ts";

test("root is refused, an ordinary user is not", () => {
  assert.throws(() => refuseUnconfinedRoot(0), /Run it as an ordinary user/);
  refuseUnconfinedRoot(1000);
});

test("QEMU dies with the runtime", () => {
  assert.deepEqual(unconfined(["qemu"]).slice(0, 2), ["--pdeathsig", "KILL"]);
});
