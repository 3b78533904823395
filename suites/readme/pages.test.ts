import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBlocks } from "./pages.ts";

const page = (...lines: string[]) => parseBlocks("a.md", lines.join("\n"));

test("commands of a console block have their lines and what is shown below them", () => {
  const [block] = page("# A", "```console", "$ ls", "one", "two", "$ true", "```");
  assert.deepEqual(
    block?.commands.map(({ line, text, shown }) => ({ line, text, shown })),
    [
      { line: 3, text: "ls", shown: ["one", "two"] },
      { line: 6, text: "true", shown: [] },
    ],
  );
});

test("an agent's steps after a prompt are output; the next npx begins a command", () => {
  const [block] = page("```console", '$ npx piwork prompt "run: ls"', "$ ls", "one", "$ npx piwork down", "```");
  assert.deepEqual(
    block?.commands.map(({ text, shown }) => [text, shown]),
    [
      ['npx piwork prompt "run: ls"', ["$ ls", "one"]],
      ["npx piwork down", []],
    ],
  );
});

test("every line of a script is a command, but comments", () => {
  const [block] = page("```sh", "# first", "npm test   # proves", "", "ls", "```");
  assert.deepEqual(
    block?.commands.map(({ line, text, shown }) => [line, text, shown]),
    [
      [3, "npm test   # proves", undefined],
      [5, "ls", undefined],
    ],
  );
});

test("a block without an end, and output without a command, are refused by their line", () => {
  assert.throws(() => page("# A", "```sh", "ls"), /a\.md:2: this block has no end/);
  assert.throws(() => page("```console", "one", "```"), /a\.md:2: output stands before any command/);
});

test("blocks of other languages are found, and have no commands", () => {
  assert.deepEqual(
    page("```js", "$ x", "```").map(({ language, commands }) => [language, commands]),
    [["js", []]],
  );
});
