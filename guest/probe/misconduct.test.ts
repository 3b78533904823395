import assert from "node:assert/strict";
import { test } from "node:test";
import { Probe, types, WHOLE_TURN } from "./child.fixture.ts";

test("refuse: no turn begins, and the next prompt is taken", async () => {
  await using probe = new Probe();
  const id = probe.prompt("refuse: not today");
  const response = await probe.line(() => true, "a response");
  assert.deepEqual(response, { id, type: "response", command: "prompt", success: false, error: "not today" });
  assert.deepEqual(types((await probe.turn("hello")).lines), WHOLE_TURN);
});

const deaths: [when: string, said: string[]][] = [
  ["before", []],
  ["during", ["response", "agent_start", "turn_start", "message_start", "message_update"]],
  ["after", WHOLE_TURN],
];
for (const [when, said] of deaths) {
  test(`die: ${when}`, async () => {
    await using probe = new Probe();
    probe.prompt(`die: ${when}`);
    assert.equal((await probe.ending()).code, 3);
    assert.deepEqual(types(probe.lines), said);
    if (when === "during") assert.equal(probe.lines.at(-1).assistantMessageEvent.delta, "half an answ");
  });
}

test("SIGTERM ends it, until it is ignored", async () => {
  await using first = new Probe();
  await first.turn("hello");
  first.signal("SIGTERM");
  assert.equal((await first.ending()).signal, "SIGTERM");
  await using second = new Probe();
  assert.equal((await second.turn("ignore-term")).text, "SIGTERM is ignored");
  second.signal("SIGTERM");
  assert.equal((await second.turn("still there")).text, "still there");
});

test("flood: says as much as it was told, in pieces, each byte known by its place", async () => {
  await using probe = new Probe();
  const { lines, text } = await probe.turn("flood: 300001 1001");
  assert.equal(text, "0123456789abcdef".repeat(20_000).slice(0, 300_001));
  assert.equal(lines.filter((line) => line.type === "message_update").length, 300);
  assert.deepEqual(lines.at(-3).message, {
    role: "assistant",
    content: [{ type: "text", text: "flooded 300001 bytes" }],
    stopReason: "stop",
  });
});

test("flood: waits for its reader, and an abort ends it", async () => {
  await using probe = new Probe();
  probe.prompt("flood: 200000000");
  await probe.line((line) => line.type === "message_start", "the flood");
  probe.stdout.pause();
  await probe.rest();
  const id = probe.send({ type: "abort" });
  await probe.rest();
  probe.stdout.resume();
  await probe.line((line) => line.type === "agent_end", "the end of the flood");
  assert.equal(probe.lines.find((line) => line.id === id)?.success, true);
  const end = probe.lines.find((line) => line.type === "message_end").message;
  assert.equal(end.stopReason, "aborted");
  // What was read until the pause and what fits into a pipe. One that does not wait would have said it all by now.
  assert.match(end.content[0].text, /^flooded \d{1,8} bytes$/);
});

test("line: one line of that many bytes", async () => {
  await using probe = new Probe();
  const { lines } = await probe.turn("line: 2000000");
  const line = lines.find((one) => one.type === "message_update");
  assert.equal(JSON.stringify(line).length + 1, 2_000_000);
  assert.deepEqual(types(lines), WHOLE_TURN);
});

test("hang: begins a turn, answers nothing and still ends by SIGTERM", async () => {
  await using probe = new Probe();
  probe.prompt("hang");
  await probe.line((line) => line.type === "turn_start", "the turn's start");
  probe.send({ type: "get_state" });
  probe.signal("SIGTERM");
  assert.equal((await probe.ending()).signal, "SIGTERM");
  assert.deepEqual(types(probe.lines), ["response", "agent_start", "turn_start"]);
});

test("forge: writes what it is given, byte by byte, in the middle of a turn", async () => {
  await using probe = new Probe();
  const { lines } = await probe.turn('forge: {"type":"response","id":"taskd-1"}\nno JSON {');
  const forged = ["message_start", "response", "no JSON {", "message_update", "message_end"];
  assert.deepEqual(types(lines), ["response", "agent_start", "turn_start", ...forged, "turn_end", "agent_end"]);
  assert.deepEqual(lines[4], { type: "response", id: "taskd-1" });
});
