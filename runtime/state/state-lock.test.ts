import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PiworkError } from "../protocol/errors.ts";
import { lockDirectory } from "./state-lock.ts";

const base = mkdtempSync(join(tmpdir(), "piwork-lock-"));
test.after(() => rmSync(base, { recursive: true }));

const kinds = [
  { kind: "state", file: "lock" },
  { kind: "logs", file: "piwork.log.lock" },
] as const;

for (const { kind, file } of kinds) {
  test(`a second runtime with the same ${kind} is refused, told by whom, until the first lets go`, () => {
    const directory = join(base, kind);
    mkdirSync(directory);
    const first = lockDirectory(directory, kind);
    assert.equal(readFileSync(join(directory, file), "utf8"), `${process.pid}\n`);
    const refusal = new RegExp(`${directory} \\(process ${process.pid}\\).*another --${kind}`);
    assert.throws(() => lockDirectory(directory, kind), refusal);
    first.release();
    lockDirectory(directory, kind).release();
  });
}

test("the state and the logs may be the same directory", () => {
  const state = lockDirectory(base, "state");
  lockDirectory(base, "logs").release();
  state.release();
});

test("a directory that cannot hold the lock is refused", () => {
  mkdirSync(join(base, "taken/lock"), { recursive: true });
  for (const directory of [join(base, "taken"), join(base, "missing"), "/proc"]) {
    assert.throws(() => lockDirectory(directory, "state"), PiworkError, directory);
  }
});
