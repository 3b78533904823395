import assert from "node:assert/strict";
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
