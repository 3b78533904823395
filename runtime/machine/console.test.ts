import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Console } from "./console.ts";

const cases: [name: string, written: string[], lastLine: string][] = [
  ["nothing", [], "(nothing yet)"],
  ["a whole line", ["one\ntwo\n"], "two"],
  ["an unfinished line", ["one\ntw", "o"], "two"],
  ["blank lines", ["one\r\n\r\n  \n"], "one"],
  ["colours and bells", ["\u001b[31mred\u0007\u001b[0m\n"], "red"],
  [
    "an alarm that others follow",
    ["[1.0] Kernel panic - not syncing: no root\n", "[1.1] Kernel Offset: disabled\n"],
    "[1.0] Kernel panic - not syncing: no root",
  ],
  ["an endless line", ["x".repeat(5000)], "x".repeat(300)],
];
for (const [name, written, lastLine] of cases) {
  test(`the last line of ${name}`, () => {
    const console = new Console();
    for (const text of written) console.write(Buffer.from(text));
    assert.equal(console.lastLine, lastLine);
  });
}

test("of a console that never stops so much is kept and no more", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "piwork-console-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "console.log");
  const console = new Console(path);
  const MIB = Buffer.alloc(1024 * 1024, "x");
  for (let written = 0; written < 20; written++) console.write(MIB);
  await console.close();
  const { size } = statSync(path);
  assert.equal(size >= 16 * MIB.length && size < 17 * MIB.length, true, `${size} bytes`);
});
