import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { KernelCalls, OPENED } from "./kernel-calls.ts";

const [SYS_OPEN, SYS_GETPID, SYS_MKDIR, SYS_MKDIRAT] = [2, 39, 83, 258];
const ENOENT = 2;

const directory = mkdtempSync(join(tmpdir(), "piwork-calls-"));
after(() => rmSync(directory, { recursive: true }));

/** Ended with the test, also with one that fails: an open process would keep the runner waiting. */
function start(t: TestContext): KernelCalls {
  const kernel = new KernelCalls("test.kernel");
  t.after(() => kernel.close());
  return kernel;
}

test("a call gives what the kernel gave, or the number of its error", async (t) => {
  const kernel = start(t);
  assert.equal(await kernel.call(SYS_GETPID), kernel.pid);
  await assert.rejects(kernel.call(SYS_MKDIR, join(directory, "no/such"), 0o700), { errno: ENOENT });
});

test("a sequence ends at the first that is refused", async (t) => {
  const kernel = start(t);
  const path = (name: string) => join(directory, name);
  const sequence = kernel.sequence([
    [SYS_MKDIR, path("first"), 0o700],
    [SYS_MKDIR, path("no/such"), 0o700],
    [SYS_MKDIR, path("last"), 0o700],
  ]);
  await assert.rejects(sequence, { errno: ENOENT });
  assert.deepEqual(
    ["first", "last"].map(path).map((one) => existsSync(one)),
    [true, false],
  );
});

test("a sequence hands on what its first call opened, and closes it however it ends", async (t) => {
  const kernel = start(t);
  const descriptors = () => readdirSync(`/proc/${kernel.pid}/fd`).length;
  await kernel.call(SYS_GETPID);
  const before = descriptors();
  await kernel.sequence([
    [SYS_OPEN, directory, 0],
    [SYS_MKDIRAT, OPENED, "by-descriptor", 0o700],
  ]);
  assert.equal(existsSync(join(directory, "by-descriptor")), true);
  const failing = kernel.sequence([
    [SYS_OPEN, directory, 0],
    [SYS_MKDIRAT, OPENED, "no/such", 0o700],
  ]);
  await assert.rejects(failing, { errno: ENOENT });
  assert.equal(descriptors(), before);
});

test("who waits, or asks afterwards, is told that it has ended", async (t) => {
  const kernel = start(t);
  await kernel.call(SYS_GETPID);
  const gone = new Promise<void>((resolve) => kernel.whenGone(resolve));
  process.kill(kernel.pid, "SIGSTOP");
  const waiting = kernel.call(SYS_GETPID);
  process.kill(kernel.pid, "SIGKILL");
  await assert.rejects(waiting, /ended with SIGKILL/);
  await gone;
  await assert.rejects(kernel.call(SYS_GETPID), /ended with SIGKILL/);
});
