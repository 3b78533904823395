import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { aTask } from "../api/record.fixture.ts";
import type { PiworkError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { makeGuestDirectories } from "../workspace/guest-directories.ts";
import { hostDirectories } from "../workspace/host-directories.ts";
import { TaskBook } from "./book.ts";
import { DEFAULT_QUOTA, Quota, type QuotaParts } from "./quota.ts";
import { Records } from "./records.ts";

const ID = "demo-1";
const MIB = 1024 * 1024;
const record = aTask(ID, { folder: "work", state: "active" });

function setUp({ folder = "work" as string | null, bytes = 2 * MIB, entries = 10 } = {}) {
  const base = mkdtempSync(join(tmpdir(), "piwork-quota-"));
  test.after(() => rmSync(base, { recursive: true, force: true }));
  const [workspace, tasksDirectory, records] = ["ws", "tasks", "records"].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [join(workspace, "work"), tasksDirectory, records]) mkdirSync(directory, { recursive: true });
  makeGuestDirectories(tasksDirectory, ID);
  const directories = hostDirectories({ workspace, tasks: tasksDirectory, drafts: base });
  const files = new Records(records);
  files.write({ ...record, folder });
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message);
  const book = new TaskBook({ records: files, lastSavedTurn: () => undefined, changed: () => {}, warn });
  let runs = true;
  let looks = 0;
  let rest: ReturnType<QuotaParts["resting"]>;
  let told: (reason: PiworkError) => void = () => {};
  const ended = new Promise<PiworkError>((resolve) => {
    told = resolve;
  });
  const quota = new Quota({
    book,
    limits: { bytes, entries },
    measure: (one, signal) => directories.measure(one, signal).finally(() => looks++),
    mayRun: () => runs,
    resting: () => rest,
    async end(_id, reason) {
      runs = false;
      told(reason);
    },
    warn,
    everyMs: 10,
  });
  // The quota's own clock keeps no process alive.
  const alive = setInterval(() => {}, 1_000);
  test.after(() => {
    runs = false;
    clearInterval(alive);
  });
  const put = (path: string, mebibytes: number) => writeFileSync(join(base, path), Buffer.alloc(mebibytes * MIB));
  const become = (next: typeof rest) => {
    rest = next;
  };
  const looked = async (times: number) => {
    while (looks < times) await delay(5);
  };
  return { base, book, quota, ended, put, warnings, become, looked };
}

test("a task that adds too much is ended, wherever it puts it; what was there is not counted", async () => {
  for (const place of ["ws/work", "tasks/demo-1/guest/outputs", "tasks/demo-1/guest/home"]) {
    const { quota, ended, put } = setUp();
    put(`${place}/before`, 5);
    await quota.admit(ID);
    put(`${place}/more`, 3);
    const reason = await ended;
    assert.equal(reason.code, "LIMIT_EXCEEDED");
    assert.match(reason.message, /added 3\.0 MiB \(the limit is 2\.0 MiB\)/);
  }
});

test("a task whose machine rests is looked at once more, then when its QEMU has run or the rest is over", async () => {
  const never = new Promise<void>(() => {});
  for (const stir of ["runs", "is woken"] as const) {
    const { quota, ended, put, become, looked } = setUp();
    let wake = () => {};
    const over = new Promise<void>((resolve) => {
      wake = resolve;
    });
    become({ ranMs: 10, over });
    await quota.admit(ID);
    await looked(2); // to admit it, and once as it rests
    await delay(50);
    put("ws/work/more", 3);
    const seen = await Promise.race([ended.then(() => "seen"), delay(100, "unseen")]);
    assert.equal(seen, "unseen");
    become(stir === "runs" ? { ranMs: 20, over: never } : undefined);
    wake();
    assert.equal((await ended).code, "LIMIT_EXCEEDED");
  }
});

test("a task that adds too many files is ended", async () => {
  const { base, quota, ended } = setUp();
  await quota.admit(ID);
  for (let i = 0; i < 11; i++) writeFileSync(join(base, `ws/work/${i}`), "");
  assert.match((await ended).message, /added 11 files \(the limit is 10\)/);
});

test("uploads are the person's", async () => {
  const { quota, put } = setUp();
  await quota.admit(ID);
  put("tasks/demo-1/guest/uploads/big", 3);
  await quota.settle(ID);
  await quota.admit(ID);
});

test("stopping and opening gives no new allowance, freeing does", async () => {
  const { base, book, quota, put } = setUp();
  await quota.admit(ID);
  put("ws/work/one", 1.5);
  await quota.settle(ID);
  await quota.admit(ID);
  put("ws/work/two", 1);
  await quota.settle(ID);
  await assert.rejects(quota.admit(ID), { code: "LIMIT_EXCEEDED" });
  assert.match(book.find(ID).growth?.exceeded ?? "", /2\.5 MiB/);
  await assert.rejects(quota.admit(ID), { code: "LIMIT_EXCEEDED" });
  rmSync(join(base, "ws/work/one"));
  await quota.admit(ID);
  assert.equal(book.find(ID).growth?.exceeded, null);
  await quota.settle(ID);
});

test("what a person adds while it is stopped is not the task's; after a crash nobody can tell", async () => {
  const { quota, put, book } = setUp();
  await quota.admit(ID);
  await quota.settle(ID);
  put("ws/work/mine", 5);
  await quota.admit(ID);
  const growth = book.find(ID).growth;
  assert.equal(growth?.ended, null);
  put("ws/work/whose", 5); // and it never settles
  await assert.rejects(quota.admit(ID), { code: "LIMIT_EXCEEDED" });
});

test("a folder that is bound later is counted from then on", async () => {
  const { book, quota, put, ended } = setUp({ folder: null });
  await quota.admit(ID);
  put("ws/work/there", 5);
  book.note(ID, { folder: "work" });
  await quota.admit(ID);
  put("ws/work/more", 3);
  assert.match((await ended).message, /3\.0 MiB/);
});

test("a task whose places can no longer be measured is stopped", async () => {
  const { base, quota, ended } = setUp();
  await quota.admit(ID);
  // Root may read everything; that a directory is none is refused to everybody.
  rmSync(join(base, "tasks", ID, "guest/home"), { recursive: true });
  writeFileSync(join(base, "tasks", ID, "guest/home"), "");
  assert.match((await ended).message, /cannot be told, so it was stopped/);
});

test("a task that keeps a directory nobody can look into is stopped, and not at the first look", async () => {
  const { base, quota, ended, looked } = setUp({ entries: 10_000 });
  await quota.admit(ID);
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  // Too deep to be entered: what may not be read is no obstacle to root.
  mkdirSync(join(base, "ws/work", ...Array<string>(LIMITS.walkLevels + 2).fill("d")), { recursive: true });
  await looked(2);
  assert.equal(isEnded, false);
  assert.match((await ended).message, /directories that cannot be looked into/);
});

test("folderGrowthBytes, folderGrowthEntries: what a task may add where nobody chose", () => {
  assert.deepEqual(DEFAULT_QUOTA, { bytes: LIMITS.folderGrowthBytes, entries: LIMITS.folderGrowthEntries });
});
