import assert from "node:assert/strict";
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { execaSync } from "execa";
import { Probe, types, WHOLE_TURN } from "./child.fixture.ts";

const directory = mkdtempSync(join(tmpdir(), "probe-"));
after(() => rmSync(directory, { recursive: true }));

test("what selects nothing is echoed", async () => {
  await using probe = new Probe();
  for (const text of ["hello", "note: hello", "wait: hello", "wait for it", "flood", "run:", ""]) {
    const turn = await probe.turn(text);
    assert.equal(turn.text, text);
    assert.deepEqual(types(turn.lines), WHOLE_TURN);
  }
});

test("an argument that a behaviour does not know is refused, and nothing is done", async () => {
  await using probe = new Probe();
  const texts = ["flood: much", "flood: 10 0", "line: -1", "die: later", "ask: whom to ask", "ask: select | a"];
  for (const text of texts) {
    const { success, error } = await probe.ask({ type: "prompt", message: text });
    assert.deepEqual([success, error.split(" ")[0]], [false, `'${text.split(" ")[0]}`]);
  }
  assert.equal(probe.lines.length, texts.length);
});

test("run: shows a command's output and how it ended, in /work", async () => {
  await using probe = new Probe();
  const { lines } = await probe.turn("run: pwd; exit 7");
  const end = lines.find((line) => line.type === "tool_execution_end");
  assert.equal(end.result.content[0].text, "/work\nCommand exited with code 7\n");
  assert.equal(end.isError, true);
});

test("run: an abort ends the command", async () => {
  await using probe = new Probe();
  probe.prompt("run: echo begun; sleep 1000");
  await probe.line((line) => line.type === "tool_execution_update", "the command's output");
  await probe.ask({ type: "abort" });
  const end = await probe.line((line) => line.type === "tool_execution_end", "the command's end");
  assert.equal(end.result.content[0].text, "begun\nCommand aborted\n");
  await probe.line((line) => line.type === "agent_end", "the turn's end");
});

test("wait: answers, refuses other prompts and ends with an abort", async () => {
  await using probe = new Probe();
  assert.equal((await probe.ask({ type: "prompt", message: "wait" })).success, true);
  assert.equal((await probe.ask({ type: "get_state" })).data.isStreaming, true);
  assert.equal((await probe.ask({ type: "prompt", message: "die: before" })).error, "a turn is running");
  assert.equal((await probe.ask({ type: "abort" })).success, true);
  await probe.line((line) => line.type === "agent_end", "the turn's end");
  assert.equal((await probe.ask({ type: "get_state" })).data.isStreaming, false);
});

const QUESTION = "extension_ui_request";
const questions: [prompt: string, asked: object, answer: object][] = [
  ["select Which one? | a | b c", { method: "select", title: "Which one?", options: ["a", "b c"] }, { value: "b c" }],
  ["confirm Really?", { method: "confirm", title: "Really?" }, { confirmed: false }],
  ["input Your name", { method: "input", title: "Your name" }, { cancelled: true }],
  ["editor Write\nit", { method: "editor", title: "Write\nit" }, { value: "two\nlines" }],
];
for (const [prompt, asked, answer] of questions) {
  test(`ask: ${JSON.stringify(prompt)}`, async () => {
    await using probe = new Probe();
    probe.prompt(`ask: ${prompt}`);
    const { id, ...question } = await probe.line((line) => line.type === QUESTION, "the question");
    assert.deepEqual(question, { type: QUESTION, ...asked });
    probe.send({ type: "extension_ui_response", id: "ask-another", value: "not this" });
    probe.send({ type: "extension_ui_response", id, ...answer });
    await probe.line((line) => line.type === "agent_end", "the turn's end");
    assert.equal(probe.lines.at(-3).message.content[0].text, `answer: ${JSON.stringify(answer)}`);
    assert.equal(probe.lines.filter((line) => line.type === "response").length, 1);
  });
}

test("ask: an abort ends the turn, and the late answer is ignored", async () => {
  await using probe = new Probe();
  probe.prompt("ask: input Your name");
  const { id } = await probe.line((line) => line.type === QUESTION, "the question");
  await probe.ask({ type: "abort" });
  await probe.line((line) => line.type === "agent_end", "the turn's end");
  probe.send({ type: "extension_ui_response", id, value: "late" });
  assert.equal((await probe.turn("hello")).text, "hello");
});

test("read: a file's beginning, or why not", async () => {
  const file = join(directory, "long");
  writeFileSync(file, "y".repeat(60_000));
  await using probe = new Probe();
  assert.equal((await probe.turn(`read: ${file}`)).text, "y".repeat(50 * 1024));
  assert.equal((await probe.turn(`read: ${file}.not`)).text, "ENOENT");
  assert.equal((await probe.turn("read: .")).text, "EISDIR");
});

test("read: does not wait for a pipe that nobody writes to", async () => {
  const pipe = join(directory, "pipe");
  execaSync("mkfifo", [pipe]);
  await using probe = new Probe();
  assert.equal((await probe.turn(`read: ${pipe}`)).text, "");
});

test("its own folder is /work within a turn and / after it", async () => {
  await using probe = new Probe();
  const { lines } = await probe.turn("run: readlink /proc/$PPID/cwd");
  assert.equal(lines.find((line) => line.type === "tool_execution_end").result.content[0].text, "/work\n");
  assert.equal(readlinkSync(`/proc/${probe.pid}/cwd`), "/");
});

test("models: none at first, then the one that was set", async () => {
  await using probe = new Probe();
  assert.deepEqual((await probe.ask({ type: "get_state" })).data, { model: null, isStreaming: false });
  const models = ["echo", "mute"].map((id) => ({ provider: "probe", id }));
  assert.deepEqual((await probe.ask({ type: "get_available_models" })).data, { models });
  const set = (modelId: string) => probe.ask({ type: "set_model", provider: "probe", modelId });
  assert.equal((await set("other")).success, false);
  assert.deepEqual((await set("mute")).data, models[1]);
  assert.deepEqual((await probe.ask({ type: "get_state" })).data.model, models[1]);
});
