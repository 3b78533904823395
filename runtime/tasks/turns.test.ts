import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as moment } from "node:timers/promises";
import { Turns } from "./turns.ts";

test("work on one task waits for what was asked for before; work on another does not", async () => {
  const turns = new Turns();
  const done: string[] = [];
  let end = () => {};
  const first = turns.take("one", async () => {
    await new Promise<void>((resolve) => (end = resolve));
    done.push("first");
  });
  const second = turns.take("one", async () => void done.push("second"));
  await turns.take("two", async () => void done.push("other"));
  await moment();
  assert.deepEqual([done, turns.underway], [["other"], ["one"]]);
  end();
  await Promise.all([first, second]);
  assert.deepEqual(done, ["other", "first", "second"]);
});

test("work that fails leaves its turn", async () => {
  const turns = new Turns();
  const failing = turns.take("one", () => Promise.reject(new Error("no")));
  const next = turns.take("one", async () => "next");
  await assert.rejects(failing, /no/);
  assert.equal(await next, "next");
});
