import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { assertWhole } from "./session-file.ts";

const directory = mkdtempSync(join(tmpdir(), "piwork-session-"));
after(() => rmSync(directory, { recursive: true }));

const HEAD = '{"type":"session","id":"a","cwd":"/work"}\n';
const MESSAGE = '{"type":"message","message":{"role":"user"}}\n';

function look(content: string): void {
  const file = join(directory, "session.jsonl");
  writeFileSync(file, content);
  assertWhole(file);
}

for (const content of ["", HEAD, HEAD + MESSAGE])
  test(`a session that is whole is taken up: ${content.length} characters`, () => look(content));

test("where there is none, one may begin", () => assertWhole(join(directory, "none.jsonl")));

for (const [what, content, why] of [
  ["cut in its last line", (HEAD + MESSAGE).slice(0, -5), /last line/],
  ["cut in its first line", HEAD.slice(0, 20), /last line/],
  ["without its head", MESSAGE, /line 1/],
  ["with a line that is no JSON", `${HEAD}{"type":\n${MESSAGE}`, /line 2/],
  ["with a line that is nothing", `${HEAD}null\n`, /line 2/],
  ["with an empty line", `${HEAD}\n${MESSAGE}`, /line 2/],
] as const)
  test(`a session ${what} is refused`, () => assert.throws(() => look(content), why));
