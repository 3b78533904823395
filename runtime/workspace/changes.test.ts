import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { execaSync } from "execa";
import { changes } from "../api/files.ts";
import { LIMITS } from "../protocol/limits.ts";
import { findChanges, fromLines, linesOf, lookAtFolder } from "./changes.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-changes-"));
test.after(() => rmSync(root, { recursive: true }));
const LONG_AGO = new Date(0);

function folder(name: string) {
  mkdirSync(join(root, name));
  return { here: { root, parts: [name] }, inside: (file: string) => join(root, name, file) };
}

async function all(chunks: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines(chunks)) found.push(line);
  return found;
}

async function* lines(chunks: AsyncIterable<string>) {
  for await (const chunk of chunks) yield* chunk.trimEnd().split("\n").filter(Boolean);
}

const told = (found: Awaited<ReturnType<typeof findChanges>>) =>
  changes.parse(found).changes.map(({ kind, path, type }) => `${kind} ${path} ${type}`);

test("created, modified and deleted names are told apart, and what stayed is not told", async () => {
  const { here, inside } = folder("plain");
  mkdirSync(inside("sub"));
  for (const name of ["same", "longer", "rewritten", "gone", "__proto__", "sub/inner"])
    writeFileSync(inside(name), "12");
  utimesSync(inside("rewritten"), 1, 1);
  const first = await fromLines(lines(linesOf(await lookAtFolder(here))));
  assert.deepEqual(told(await findChanges(here, first, LONG_AGO)), []);

  appendFileSync(inside("longer"), "3");
  writeFileSync(inside("rewritten"), "21");
  utimesSync(inside("rewritten"), 1, 1); // as it was: its length, its time and its inode are the same
  rmSync(inside("gone"));
  rmSync(inside("sub"), { recursive: true });
  mkdirSync(inside("new"));
  writeFileSync(inside("new/file"), "");
  symlinkSync("/etc/passwd", inside("link"));
  execaSync("mkfifo", [inside("pipe")]);
  writeFileSync(Buffer.concat([Buffer.from(inside("byte-")), Buffer.from([0xff])]), "");
  assert.deepEqual(told(await findChanges(here, first, LONG_AGO)), [
    "created byte-\\xff file",
    "deleted gone file",
    "created link symlink",
    "modified longer file",
    "created new directory",
    "created new/file file",
    "created pipe fifo",
    "modified rewritten file",
    "deleted sub directory",
    "deleted sub/inner file",
  ]);
});

test("a file in the place of a directory is a change", async () => {
  const { here, inside } = folder("replaced");
  mkdirSync(inside("name"));
  const first = await lookAtFolder(here);
  rmSync(inside("name"), { recursive: true });
  writeFileSync(inside("name"), "");
  assert.deepEqual(told(await findChanges(here, first, LONG_AGO)), ["modified name file"]);
});

test("without a whole baseline nothing is called created or deleted", async () => {
  const { here, inside } = folder("unknown");
  writeFileSync(inside("file"), "");
  const cut = await lookAtFolder(here, { entries: 0, milliseconds: 1000 });
  for (const first of [undefined, cut]) {
    const found = await findChanges(here, first, LONG_AGO);
    assert.deepEqual([found.hasBeginning, told(found)], [false, ["modified file file"]]);
    assert.deepEqual(told(await findChanges(here, first, new Date(Date.now() + 60_000))), []);
  }
});

test("a look that was cut says so, and calls nothing deleted", async () => {
  const { here, inside } = folder("cut");
  for (let number = 0; number < 100; number++) writeFileSync(inside(`${number}`), "");
  const first = await lookAtFolder(here);
  const found = await findChanges(here, first, LONG_AGO, { entries: 10, milliseconds: 1000 });
  assert.deepEqual([found.truncated, told(found)], [true, []]);
});

test("so many changes are listed, and that there are more is said", async () => {
  const { here, inside } = folder("many");
  const first = await lookAtFolder(here);
  for (let number = 0; number <= LIMITS.listedChanges; number++) writeFileSync(inside(`${number}`), "");
  const found = await findChanges(here, first, LONG_AGO);
  assert.deepEqual([found.changes.length, found.truncated], [LIMITS.listedChanges, true]);
});

test("a baseline that lacks a line is none, and one of the first version is whole", async () => {
  const facts = ["file", 1, 2, 3] as [string, number, number, number];
  const takenAt = LONG_AGO.toISOString();
  const whole = { takenAt, isWhole: true, entries: new Map([["a", facts]]) };
  const [head = "", ...names] = await all(linesOf(whole));
  await assert.rejects(fromLines(lines(Readable.from([head]))), /0 names of 1/);
  await assert.rejects(
    fromLines(lines(Readable.from([head, ...names, ...names.map((name) => name.replace("a", "b"))]))),
  );
  const old = JSON.stringify({ ...whole, version: 1, entries: [["a", facts]] });
  assert.deepEqual((await fromLines(lines(Readable.from([old])))).entries, whole.entries);
});

test("others get turns while a baseline is written, read and compared with nothing", async (t) => {
  const facts = ["file", 1, 2, 3] as [string, number, number, number];
  const entries = new Map(Array.from({ length: 10_000 }, (_, number) => [`name-${number}`, facts]));
  const { here } = folder("turns");
  let [taken, isDone] = [0, false];
  t.after(() => {
    isDone = true;
  });
  const take = () => {
    taken++;
    if (!isDone) setImmediate(take);
  };
  take();
  const least = async (work: () => Promise<unknown>) => {
    const before = taken;
    await work();
    assert.equal(taken - before >= 9, true, `${taken - before} turns`);
  };
  const whole = { takenAt: LONG_AGO.toISOString(), isWhole: true, entries };
  const written: string[] = [];
  await least(async () => written.push(...(await all(linesOf(whole)))));
  await least(() => fromLines(lines(Readable.from(written))));
  await least(() => findChanges(here, whole, LONG_AGO));
});
