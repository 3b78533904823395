import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { $ } from "zx";
import { memoryHolds } from "./process-memory.ts";

const HOLD = `let held = "";
process.stdin.on("data", (data) => { held += data; console.log("held"); });`;

test("what a process was told is found in its memory, and what it was not told is not", async () => {
  const holder = $({ stdio: ["pipe", "pipe", "inherit"], nothrow: true })`exec ${process.execPath} -e ${HOLD}`;
  const [told, kept] = [randomBytes(24).toString("hex"), randomBytes(24).toString("hex")];
  try {
    holder.stdin.write(told);
    await once(holder.stdout, "data");
    assert.equal(memoryHolds(holder.pid as number, Buffer.from(told)), true);
    assert.equal(memoryHolds(holder.pid as number, Buffer.from(kept)), false);
  } finally {
    holder.child?.kill("SIGKILL");
  }
});
