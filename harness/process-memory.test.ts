import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { memoryHolds } from "./process-memory.ts";

const HOLD = `let held = "";
process.stdin.on("data", (data) => { held += data; console.log("held"); });`;

test("what a process was told is found in its memory, and what it was not told is not", async () => {
  const child = spawn(process.execPath, ["-e", HOLD], { stdio: ["pipe", "pipe", "inherit"] });
  const [told, kept] = [randomBytes(24).toString("hex"), randomBytes(24).toString("hex")];
  try {
    child.stdin.write(told);
    await once(child.stdout, "data");
    assert.equal(memoryHolds(child.pid as number, Buffer.from(told)), true);
    assert.equal(memoryHolds(child.pid as number, Buffer.from(kept)), false);
  } finally {
    child.kill("SIGKILL");
  }
});
