import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { after, test } from "node:test";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { waitFor } from "../../harness/host/wait-for.ts";
import { Bridge } from "../../runtime/bridge/bridge.ts";
import { NetworkLink } from "../../runtime/bridge/network-link.ts";
import { takeInPortions } from "../../runtime/bridge/portions.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { encodeFrame } from "../../runtime/protocol/network-frames.ts";
import { Conversations } from "../../runtime/tasks/conversations.ts";
import { EventStream } from "../../runtime/tasks/event-stream.ts";
import type { Tasks, TasksParts } from "../../runtime/tasks/tasks.ts";
import { Transcripts } from "../../runtime/tasks/transcripts.ts";
import { Peer, STATE } from "./peer.ts";

const directory = mkdtempSync(join(tmpdir(), "piwork-violations-"));
after(() => rmSync(directory, { recursive: true }));
const NOTICE_MS = 60_000;
let sockets = 0;

/** A bridge, and what stands where its machine's taskd would. */
async function linked() {
  const peer = await Peer.listen(join(directory, `peer-${++sockets}.sock`));
  const [events, violations]: [RuntimeEvent[], string[]] = [[], []];
  const stream = new EventStream();
  const bridge = new Bridge(() => peer.connect(), {
    event: (event) => {
      events.push(event);
      stream.publish(event);
    },
    violation: (what) => void violations.push(what),
    responsive: () => {},
    rouse: () => {},
    now: Date.now,
  });
  const opened = bridge.open(null);
  opened.catch(() => {}); // told where it is waited for
  return {
    ...{ peer, bridge, events, stream, violations, opened },
    ended: () => waitFor("the end of the machine", NOTICE_MS, () => bridge.closedFor),
    async [Symbol.asyncDispose]() {
      bridge.close();
      await peer[Symbol.asyncDispose]();
    },
  };
}

const event = (seq: number, name = "runtime_warning", payload: object = { requestId: null, message: "m" }) =>
  JSON.stringify({ type: "event", event: name, timestamp: 1, taskId: "a-task", seq, payload });
const answer = (id: string | null) =>
  JSON.stringify(
    id === null
      ? { id, ok: false, error: { code: "INVALID_REQUEST", message: "m", retryable: false } }
      : { id, ok: true, result: STATE },
  );
const lines = (count: number, line: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => `${line(at + 1)}\n`).join("");
/** Changes of state that nobody asked for: each is legal after the one before. */
const ended = (seq: number) =>
  seq % 2 === 0
    ? event(seq, "task_stopped", {})
    : event(seq, "task_error", {
        requestId: null,
        during: "idle",
        error: { code: "PI_PROCESS_DEAD", message: "m", retryable: true },
      });

/** What no taskd says once it has greeted. */
const VIOLATIONS: [what: string, said: string | Buffer][] = [
  ["newlines", Buffer.alloc(256 * 1024, "\n")],
  ["no JSON", lines(1000, () => "{")],
  ["no frame", lines(1000, () => "{}")],
  ["lines that are too long", lines(2, () => "x".repeat(LIMITS.lineBytes))],
  ["an event that no machine sends", lines(2, (at) => event(at, "network_request"))],
  ["answers without a request", lines(1000, () => answer(null))],
  ["answers to what was never asked", lines(1000, (at) => answer(`never-${at}`))],
  ["events after a gap", lines(1000, (at) => event(at + 1))],
  ["the same event without end", lines((2 * LIMITS.unackedEventBytes) / event(1).length, () => event(1))],
  ["eventsPerRequest: tasks that end and end", lines(1000, ended)],
];
for (const [what, said] of VIOLATIONS)
  test(`a machine that says this is ended, once: ${what}`, async () => {
    await using link = await linked();
    await link.opened;
    link.peer.write(said);
    await link.ended();
    await delay(50); // what comes after it is not heard
    assert.equal(link.violations.length, 1);
    assert.match(link.bridge.closedFor?.message ?? "", /broke the protocol and was ended: /);
    assert.equal(link.events.length <= 4 * LIMITS.eventsPerRequest, true, `${link.events.length} events were believed`);
    await assert.rejects(link.bridge.request("runtime_get_state", {}));
  });

test("linkRestBytes: rests of an earlier link are passed over, but not without end", async () => {
  await using link = await linked();
  link.peer.greets = false;
  await waitFor("the link", NOTICE_MS, () => link.peer.links > 0 || undefined);
  const rest = Buffer.from(`half a line"}\n\n${answer("earlier")}\n${event(9)}\n`.padEnd(1024 * 1024, "x"));
  link.peer.write(rest);
  await delay(100);
  assert.deepEqual([link.violations, link.bridge.closedFor], [[], undefined]);
  for (let bytes = 0; bytes <= LIMITS.linkRestBytes; bytes += rest.length) link.peer.write(rest);
  await link.ended();
  assert.equal(link.violations.length, 1);
});

test("what a correct taskd says late, or twice after a new link, is no violation", async () => {
  await using link = await linked();
  const { peer, bridge, events } = link;
  await link.opened;
  peer.holdAnswers();
  await assert.rejects(bridge.request("runtime_get_state", {}, { deadlineMs: 10 }), { code: "SWITCH_TIMEOUT" });
  peer.giveAnswers();
  peer.holdAnswers();
  const twice = bridge.request("runtime_get_state", {}, { id: "twice" });
  peer.cut();
  await waitFor("the next link", NOTICE_MS, () => peer.links === 2 || undefined);
  await nextTurn();
  for (let times = 0; times < 2; times++) peer.say(answer("twice"));
  assert.deepEqual(await twice, STATE);
  for (const seq of [1, 2, 1, 2, 3]) peer.say(event(seq));
  await waitFor("the events", NOTICE_MS, () => events.length === 3 || undefined);
  for (let asked = 0; asked < 40; asked++)
    void bridge.request("stop_task", { taskId: "a-task" }, { id: `stop-${asked}` }).catch(() => {});
  peer.write(lines(200, (at) => ended(at + 3)));
  await waitFor("what was asked for", NOTICE_MS, () => events.length === 203 || undefined);
  assert.deepEqual(link.violations, []);
});

test("machineLinks: a machine whose link breaks again and again is given up", async () => {
  await using link = await linked();
  await link.opened;
  let seq = 0;
  while (link.bridge.closedFor === undefined) {
    const { links } = link.peer;
    link.peer.say(event(++seq));
    await waitFor("the event", NOTICE_MS, () => link.events.length === seq || undefined);
    link.peer.cut();
    const isNext = () => link.peer.links > links || link.bridge.closedFor !== undefined || undefined;
    await waitFor("the next link", NOTICE_MS, isNext);
    await delay(5);
  }
  assert.equal(link.peer.links, LIMITS.machineLinks);
});

/** The most that is done in one turn of the loop until all is done. */
async function mostInATurn(done: () => number, all: number): Promise<number> {
  let [before, most] = [done(), 0];
  for (const until = Date.now() + NOTICE_MS; done() < all && Date.now() < until; before = done()) {
    await nextTurn();
    most = Math.max(most, done() - before);
  }
  assert.equal(done(), all);
  return most;
}

test("linkPiecesPerTurn: a machine that says much takes so many lines of a turn of the loop", async () => {
  await using link = await linked();
  await link.opened;
  link.peer.write(lines(20_000, (at) => event(at)));
  const most = await mostInATurn(() => link.events.length, 20_000);
  assert.equal(most <= LIMITS.linkPiecesPerTurn, true, `${most} lines in one turn`);
});

test("linkBytesPerTurn: and so many bytes", async () => {
  // A socket of this process never has as much waiting.
  const [chunks, chunkBytes] = [64, 64 * 1024];
  const socket = new Duplex({ read() {}, readableHighWaterMark: chunks * chunkBytes });
  for (let chunk = 0; chunk < chunks; chunk++) socket.push(Buffer.alloc(chunkBytes));
  let bytes = 0;
  takeInPortions(socket as Socket, {
    cut: (chunk) => [chunk.length].values(),
    take: (length) => {
      bytes += length;
    },
    broken: assert.fail,
  });
  const most = await mostInATurn(() => bytes, chunks * chunkBytes);
  assert.equal(most <= LIMITS.linkBytesPerTurn, true, `${most} bytes in one turn`);
});

test("questions that nobody answers end the machine where there are more than taskd lets through; answered ones do not", async () => {
  await using link = await linked();
  await link.opened;
  const book = { find: () => ({ id: "a-task", turn: null }), has: () => true };
  const parts = { book, events: link.stream, fleet: { machineOf: () => link } } as unknown as TasksParts;
  const { bridge, peer } = link;
  const conversations = new Conversations({ reach: async () => bridge } as unknown as Tasks, {
    ...parts,
    transcripts: new Transcripts(directory),
  });
  const ask = (seq: number) =>
    event(seq, "extension_ui_request", { requestId: null, question: { id: `${seq}`, method: "confirm", title: "?" } });
  for (let seq = 1; seq <= 100; seq++) {
    peer.say(ask(seq));
    await waitFor("the question", NOTICE_MS, () => link.events.length === seq || undefined);
    // The machine of this test refuses to know of it, which changes nothing.
    await conversations.answer("a-task", `${seq}`, { cancelled: true }).catch(() => {});
  }
  assert.deepEqual(link.violations, []);
  peer.write(lines(1000, (at) => ask(100 + at)));
  await link.ended();
  assert.deepEqual([link.violations.length, link.events.length], [1, 100 + 2 * LIMITS.openQuestions + 1]);
});

test("turnCharacters: of a turn of maximal tool steps, with long ids, so much is kept", async () => {
  await using link = await linked();
  await link.opened;
  const transcripts = new Transcripts(directory);
  link.stream.subscribe({}, (event) => transcripts.follow(event));
  transcripts.begin("a-task", "r", "go");
  const words = "x".repeat(LIMITS.agentLineBytes / 2 - 1000);
  const step = (seq: number) => {
    const toolCallId = `${(seq + 1) >> 1}${words}`;
    const message =
      seq % 2 === 1
        ? { type: "tool_execution_start", toolCallId, toolName: "bash", args: { command: words } }
        : {
            type: "tool_execution_end",
            toolCallId,
            isError: false,
            result: { content: [{ type: "text", text: words }] },
          };
    return event(seq, "agent_output", { requestId: "r", message });
  };
  link.peer.write(lines(128, step));
  await waitFor("all steps", NOTICE_MS, () => link.events.length === 128 || undefined);
  const kept = JSON.stringify(transcripts.of("a-task").turns).length;
  assert.equal(kept < 1.01 * LIMITS.turnCharacters && kept > LIMITS.turnCharacters / 2, true, `${kept} characters`);
});

test("crowdedTurnCharacters: while turns that go on are over the limit together, each gets so many and no more", () => {
  const transcripts = new Transcripts(directory, 100);
  const half = "x".repeat(LIMITS.crowdedTurnCharacters / 2);
  const say = (taskId: string) => {
    const message = { type: "message_update", assistantMessageEvent: { type: "text_delta", delta: half } };
    const envelope = { type: "event", event: "agent_output", timestamp: 1, seq: 1, taskId } as const;
    transcripts.follow({ ...envelope, payload: { requestId: "r", message } });
  };
  for (const task of ["large", "small"]) transcripts.begin(task, "r", "x");
  for (const task of ["large", "large", "large", "small"]) say(task);
  const dropped = (task: string) => transcripts.of(task).turns[0]?.dropped;
  assert.deepEqual([dropped("large"), dropped("small")], [half.length, 0]);
});

test("connections that are opened and reset without end are taken no faster", async () => {
  const path = join(directory, `network-${++sockets}.sock`);
  const server = createServer().listen(path);
  await once(server, "listening");
  const host = connect(path);
  const [machine] = (await once(server, "connection")) as [Socket];
  let opened = 0;
  const broken: string[] = [];
  const link = new NetworkLink(host, { opened: () => opened++, moves: () => {}, broken: (what) => broken.push(what) });
  const pairs = Array.from({ length: 20_000 }, (_, at) => [
    encodeFrame("open", at + 1, Buffer.from("a-task")),
    encodeFrame("reset", at + 1),
  ]);
  machine.resume().write(Buffer.concat(pairs.flat()));
  const most = await mostInATurn(() => opened, 20_000);
  assert.equal(most <= LIMITS.linkPiecesPerTurn, true, `${most} frames in one turn`);
  // The same stream again is what none says.
  machine.write(encodeFrame("reset", 1));
  await once(host, "close");
  assert.deepEqual([broken.length, link.connections], [1, 0]);
  machine.destroy();
  server.close();
});
