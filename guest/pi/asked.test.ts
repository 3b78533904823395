import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ToolCall } from "pi/core/extensions/loader.js";
import { whatIsAsked } from "./asked.ts";

const ask = ["secret/**", "*.env", "write", "notes/plan.md"];
const asked = (toolName: string, input: ToolCall["input"], marked = ask) =>
  whatIsAsked({ toolName, input }, { folder: "f", places: [], decisions: [], memoryBytes: 1024 ** 3, ask: marked });

test("a command is asked for by what it does", () => {
  assert.deepEqual(asked("bash", { command: "rm a" }), ["delete files"]);
  assert.deepEqual(asked("bash", { command: "ls" }), []);
});

test("a tool that is marked is asked for whatever it does", () =>
  assert.deepEqual(asked("write", { path: "a", content: "rm a" }), ["use the tool write"]));

test("what is marked is asked for by every tool that names it, and by what is above it", () => {
  for (const path of ["secret/a", "/work/secret/a/b", "./secret/a", "secret"])
    assert.deepEqual(asked("read", { path }), ["use secret/**"], path);
  assert.deepEqual(asked("read", { path: ".env" }), ["use *.env"]);
  assert.deepEqual(asked("bash", { command: "cat secret/a | head" }), ["use secret/**"]);
  assert.deepEqual(asked("bash", { command: "dd if=/work/secret/a" }), ["use secret/**"]);
  assert.deepEqual(asked("edit", { path: "notes/plan.md", edits: [] }), ["use notes/plan.md"]);
  assert.deepEqual(asked("bash", { command: "cat notes/other.md other/.env.example" }), []);
});

test("what is marked is found where it is read from or written to, in texts for other programs, and among braces", () => {
  for (const command of [
    "cat < secret/a",
    "echo x > secret/a",
    "echo x >>./secret/a",
    "bash -c 'cat secret/a'",
    "python3 -c 'print(open(\"secret/a\").read())'",
    "python3 <<'E'\nopen('/work/secret/a')\nE",
    "cat {secret,other}/a",
    "grep -f./secret/a b",
    "git show HEAD:secret/a",
  ])
    assert.deepEqual(asked("bash", { command }), ["use secret/**"], command);
  assert.deepEqual(asked("read", { path: "my\u00a0plan" }, ["my plan"]), ["use my plan"]);
  assert.deepEqual(asked("bash", { command: "cat 'my plan'" }, ["my plan"]), ["use my plan"]);
});

test("what is marked is asked for by a link that leads to it as well", () => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "piwork-asked-")));
  test.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "secret"), "");
  symlinkSync("secret", join(directory, "link"));
  const marked = [`..${directory}/secret`]; // as it is seen from /work
  assert.deepEqual(asked("read", { path: `${directory}/link` }, marked), [`use ${marked[0]}`]);
  assert.deepEqual(asked("read", { path: `${directory}/other` }, marked), []);
});
