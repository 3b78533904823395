import assert from "node:assert/strict";
import { test } from "node:test";
import { Attempts, answerTo } from "./answer.ts";
import { afterTool, asked, ofUser } from "./conversation.fixture.ts";
import { PARROT } from "./models.ts";

/** What the parrot does about the last of these messages, once its tools have said the results. */
function acts(said: string[], results: string[] = []) {
  const turns = [...said.map(ofUser), ...results.flatMap(afterTool)];
  return answerTo(asked(turns, { model: PARROT }), new Attempts()).step.acts;
}

test("it says again what is said to it, blanks and lines included", () => {
  for (const text of ["hello", "  two\nlines ", "run", "please list"])
    assert.deepEqual(acts([text]), [{ type: "say", text }]);
});

test("it recalls every earlier message as JSON, one a line, and nothing where there was none", () => {
  assert.deepEqual(acts(['a "b"', "run: ls", "recall"]), [{ type: "say", text: '"a \\"b\\""\n"run: ls"' }]);
  assert.deepEqual(acts(["recall"]), [{ type: "say", text: "" }]);
});

test("it runs a command and says nothing of it; of a file it says what is in it, or that it is not there", () => {
  assert.deepEqual(acts(["run: a\nb"]), [{ type: "call", tool: "bash", input: { command: "a\nb" } }]);
  assert.deepEqual(acts(["run: a"], ["result"]), [{ type: "say", text: "" }]);
  assert.deepEqual(acts(["read: a"], ["inside"]), [{ type: "say", text: "inside" }]);
  assert.deepEqual(acts(["read: a"], ["ENOENT: no such file, access 'a'"]), [{ type: "say", text: "ENOENT" }]);
});

test("it floods, and plays scripts", () => {
  const [flood] = acts(["flood: 100"]);
  assert.equal(flood?.type === "say" && flood.text.length, 100);
  assert.deepEqual(acts(["script\nsay hello"]), [{ type: "say", text: "hello" }]);
});
