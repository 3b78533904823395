import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { test } from "node:test";
import { MemoryFile } from "./memory-file.ts";

test("what is sealed stays as it is, for whoever opens it for writing", async () => {
  using file = await MemoryFile.make(4096);
  writeSync(file.fd, "before", 0);
  await file.seal();
  const again = openSync(`/proc/self/fd/${file.fd}`, "r+"); // as QEMU does
  try {
    for (const fd of [file.fd, again]) {
      assert.throws(() => writeSync(fd, "after", 0), { code: "EPERM" });
      assert.throws(() => ftruncateSync(fd, 0), { code: "EPERM" });
      assert.throws(() => ftruncateSync(fd, 8192), { code: "EPERM" });
    }
  } finally {
    closeSync(again);
  }
  assert.equal(readFileSync(`/proc/self/fd/${file.fd}`).subarray(0, 6).toString(), "before");
});

test("without the seal it can be written, so the check above can fail", async () => {
  using file = await MemoryFile.make(4096);
  assert.equal(writeSync(file.fd, "after", 0), 5);
});
