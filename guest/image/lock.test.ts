import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { execa } from "execa";
import { lockCache } from "./lock.ts";

function lockFile(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "piwork-lock-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return join(dir, "lock");
}
const never = new AbortController().signal;
const release = (lock: Disposable) => lock[Symbol.dispose]();

test("a second builder gets the lock when the first is done, not before", async (t) => {
  const file = lockFile(t);
  const order: string[] = [];
  const first = await lockCache(file, never);
  const second = lockCache(file, never).then((lock) => {
    order.push("second holds");
    return release(lock);
  });
  // A third that gives up shows that the second has had its chance.
  const third = new AbortController();
  const given = assert.rejects(lockCache(file, third.signal), /enough/);
  third.abort(new Error("enough"));
  await given;
  order.push("first lets go");
  release(first);
  await second;
  assert.deepEqual(order, ["first lets go", "second holds"]);
});

test("whoever gives up waiting does not get the lock later", async (t) => {
  const file = lockFile(t);
  const first = await lockCache(file, never);
  const stop = new AbortController();
  const waiting = lockCache(file, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  release(first);
  release(await lockCache(file, AbortSignal.timeout(10_000)));
});

test("the lock of a builder that was killed is free", async (t) => {
  const file = lockFile(t);
  const source = `import { lockCache } from ${JSON.stringify(new URL("./lock.ts", import.meta.url).href)};
    await lockCache(${JSON.stringify(file)}, new AbortController().signal);
    console.log("held");
    setInterval(() => {}, 1000);`;
  const words = ["--import", "tsx", "--input-type=module", "-e", source];
  const builder = execa(process.execPath, words, { stdin: "ignore", stderr: "inherit", reject: false });
  await once(builder.stdout, "data");
  builder.kill("SIGKILL");
  release(await lockCache(file, AbortSignal.timeout(10_000)));
});
