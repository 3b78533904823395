import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Probe } from "./child.fixture.ts";

const directory = mkdtempSync(join(tmpdir(), "probe-session-"));
after(() => rmSync(directory, { recursive: true }));

const entries = (file: string) =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const user = (text: string) => ({ role: "user", text });
const assistant = (text: string) => ({ role: "assistant", text });

test("turns are kept, completed or aborted; one that was refused or broken off is not", async () => {
  const file = join(directory, "kept");
  await using probe = new Probe(file);
  await probe.turn("hello\nyou");
  await probe.turn("run: echo out; exit 7");
  await probe.ask({ type: "prompt", message: "refuse: no" });
  const ended = probe.lines.length;
  await probe.ask({ type: "prompt", message: "wait" });
  await probe.ask({ type: "abort" });
  await probe.line((line) => line.type === "agent_end", "the aborted turn's end", ended);
  await probe.turn(`${"z".repeat(5000)}`);
  probe.prompt("die: during");
  await probe.ending();
  assert.deepEqual(entries(file), [
    user("hello\nyou"),
    assistant("hello\nyou"),
    user("run: echo out; exit 7"),
    assistant("out\nCommand exited with code 7\n"),
    user("wait"),
    assistant(""),
    user("z".repeat(5000)),
    assistant("z".repeat(4096)),
  ]);
});

test("a turn is on the disk when its end is said", async () => {
  const file = join(directory, "in-time");
  await using probe = new Probe(file);
  probe.prompt("die: after");
  await probe.ending();
  assert.deepEqual(entries(file)[0], user("die: after"));
  assert.equal(probe.lines.at(-1).type, "agent_end");
});

test("what was kept is recalled by the next process, in order", async () => {
  const file = join(directory, "recalled");
  writeFileSync(file, [user("first\nline"), assistant("so")].map((one) => `${JSON.stringify(one)}\n`).join(""));
  await using probe = new Probe(file);
  const { messages } = (await probe.ask({ type: "get_messages" })).data;
  assert.deepEqual(messages, [
    { role: "user", content: [{ type: "text", text: "first\nline" }] },
    { role: "assistant", content: [{ type: "text", text: "so" }] },
  ]);
  await probe.turn("second");
  assert.equal((await probe.turn("recall")).text, '"first\\nline"\n"second"');
  assert.equal(entries(file).length, 6);
});

test("without a working copy, a session is remembered and written nowhere", async () => {
  await using probe = new Probe();
  await probe.turn("first");
  assert.equal((await probe.turn("recall")).text, '"first"');
});

const line = JSON.stringify(user("first"));
const broken: [name: string, content: string, why: RegExp][] = [
  ["no JSON", `${line}\n{"role":\n`, /line 2 is not JSON/],
  ["another role", `{"role":"system","text":"x"}\n`, /line 1 is no message/],
  ["null", "null\n", /line 1 is no message/],
  ["an empty line", `${line}\n\n${line}\n`, /line 2 is not JSON/],
  ["half a line at the end", `${line}\n${line.slice(0, 9)}`, /its last line is not complete/],
];
for (const [name, content, why] of broken) {
  test(`a working copy with ${name} ends the probe before it answers, and stays as it is`, async () => {
    const file = join(directory, name);
    writeFileSync(file, content);
    await using probe = new Probe(file);
    probe.send({ type: "get_state" });
    assert.equal((await probe.ending()).code, 4);
    assert.deepEqual(probe.lines, []);
    assert.match(probe.stderr, why);
    assert.equal(readFileSync(file, "utf8"), content);
  });
}

test("a turn that cannot be kept ends the probe, which says why, and not the turn", async () => {
  await using probe = new Probe(join(directory, "no-such-folder", "session"));
  probe.prompt("hello");
  assert.equal((await probe.ending()).code, 1);
  assert.match(probe.stderr.trim().split("\n").at(-1) ?? "", /^The probe failed: ENOENT/);
  assert.equal(probe.lines.at(-1).type, "turn_end");
});
