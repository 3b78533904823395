import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as soon } from "node:timers/promises";
import { LookupTurns } from "./lookup-turns.ts";

/** Work that ends when it is told to, and what of it has begun. */
function stage(turns: LookupTurns) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const ask = (task: string, name: string) =>
    turns.take(task, () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const end = async (name: string) => {
    ends.get(name)?.();
    await soon();
  };
  return { begun, ask, end };
}

test("one piece of each task at once, and tasks by turns, whoever asks for more", async () => {
  const { begun, ask, end } = stage(new LookupTurns(2, 10));
  const all = ["a1", "a2", "a3", "b1", "b2", "c1"].map((name) => ask(name.slice(0, 1), name));
  await soon();
  assert.deepEqual(begun, ["a1", "b1"]);
  await end("a1");
  assert.deepEqual(begun, ["a1", "b1", "c1"]);
  await end("c1");
  assert.deepEqual(begun, ["a1", "b1", "c1", "a2"]);
  for (const name of ["a2", "b1", "b2", "a3"]) await end(name);
  await Promise.all(all);
  assert.equal(begun.length, 6);
});

test("what a task has waiting is bounded, for that task", async () => {
  const { ask, end } = stage(new LookupTurns(1, 1));
  const first = ask("a", "a1");
  const second = ask("a", "a2");
  await assert.rejects(ask("a", "a3"), { status: 429 });
  const other = ask("b", "b1");
  await soon();
  for (const name of ["a1", "b1", "a2"]) await end(name);
  await Promise.all([first, second, other]);
});

test("work that fails leaves its turn", async () => {
  const turns = new LookupTurns(1, 1);
  await assert.rejects(
    turns.take("a", () => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.equal(await turns.take("b", async () => "done"), "done");
});
