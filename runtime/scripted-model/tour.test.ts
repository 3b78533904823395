import assert from "node:assert/strict";
import { test } from "node:test";
import { afterTool, asked, ofUser } from "./conversation.fixture.ts";
import { type ModelRequest, readConversation } from "./conversation.ts";
import { meet } from "./tour.ts";

/** What the model does about a sentence: calls, then words, after as many results of tools. */
function does(prompt: string, results: readonly string[] = [], more: Partial<ModelRequest> = {}) {
  const { acts } = meet(readConversation(asked([ofUser(prompt), ...results.flatMap(afterTool)], more)));
  const [call] = acts.filter(({ type }) => type === "call");
  const [said] = acts.filter(({ type }) => type === "say");
  return {
    call: call?.type === "call" ? [call.tool, call.input] : undefined,
    says: said?.type === "say" ? said.text : "",
  };
}

test("ordinary sentences call the agent's tools", () => {
  const cases: [string, string, object][] = [
    ["write some words to notes.txt", "write", { path: "notes.txt", content: "some words\n" }],
    ['Please write "a to b" to x.txt.', "write", { path: "x.txt", content: "a to b\n" }],
    ["create notes.txt with some words", "write", { path: "notes.txt", content: "some words\n" }],
    ["make a file empty.txt", "write", { path: "empty.txt", content: "Made by the scripted model.\n" }],
    ["replace glass with stone in h.txt", "edit", { path: "h.txt", edits: [{ oldText: "glass", newText: "stone" }] }],
    ["edit haiku.txt", "read", { path: "haiku.txt" }],
    ["delete the file it's", "bash", { command: "rm -- 'it'\\''s'" }],
    ["rename a.txt to b.txt", "bash", { command: "mv -- 'a.txt' 'b.txt'" }],
    ["list the files", "bash", { command: "ls -la" }],
    ["read: /etc/hostname", "read", { path: "/etc/hostname" }],
    ["run: ls -la; id.", "bash", { command: "ls -la; id." }],
  ];
  for (const [prompt, tool, input] of cases) assert.deepEqual(does(prompt).call, [tool, input], prompt);
  const { call: [tool, input] = [] } = does("Write a haiku to haiku.txt.");
  assert.equal(tool, "write");
  assert.match(JSON.stringify(input), /"path":"haiku.txt","content":"[^"]+\\n[^"]+\\n[^"]+\\n"/);
});

test("what a tool has said is told, and then it is over", () => {
  assert.equal(does("delete a", ["denied"]).says, "The tool said:\ndenied");
  assert.equal(does("delete a", ["denied", "x"]).says, "That is all.");
});

test("a file is looked at before it is edited", () => {
  const [, input] = does("edit a.txt", ["first\nsecond"]).call ?? [];
  assert.deepEqual(input, { path: "a.txt", edits: [{ oldText: "first", newText: "first (edited)" }] });
  assert.match(does("edit a.txt", [""]).says, /no first line/);
});

test("it says which tool it lacks", () => {
  assert.deepEqual(does("list", [], { tools: [] }), {
    call: undefined,
    says: "For that I need the tool 'bash', which I was not given.",
  });
});

test("anything else is answered with what it can do", () => {
  const { says, call } = does("How are you?");
  assert.equal(call, undefined);
  assert.match(says, /^You said: How are you\?\n\nI am the scripted model/);
  assert.match(says, /- write a haiku to haiku\.txt\n/);
  assert.match(says, /`script`/);
  for (const [, example = ""] of says.matchAll(/^- (.+)$/gm))
    assert.equal(does(example).says.startsWith("You said"), false, `'${example}' is not understood`);
});

test("earlier messages are recalled", () => {
  const [act] = meet(readConversation(asked(["a", "b\nc", "recall"].map(ofUser)))).acts;
  assert.deepEqual(act, { type: "say", text: '"a"\n"b\\nc"' });
});
