import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { LIMITS } from "./limits.ts";
import { encodeCredit, encodeFrame } from "./network-frames.ts";
import { MOST_STREAMS, type NetworkStream, NetworkStreams } from "./network-streams.ts";
import { ProtocolViolation } from "./violation.ts";

/** Two ends of one link, and how many bytes went each way. */
function pair() {
  const opened: { stream: NetworkStream; task: string }[] = [];
  const sent = { host: 0, guest: 0 };
  const host: NetworkStreams = new NetworkStreams({
    send: (bytes, done) => {
      sent.host += bytes.length;
      setImmediate(() => {
        guest.receive(bytes);
        done?.();
      });
    },
    opened: (stream, task) => void opened.push({ stream, task }),
  });
  let greetings = 0;
  const guest: NetworkStreams = new NetworkStreams({
    send: (bytes, done) => {
      sent.guest += bytes.length;
      setImmediate(() => {
        host.receive(bytes);
        done?.();
      });
    },
    greeted: () => void greetings++,
  });
  return { host, guest, opened, sent, greetings: () => greetings };
}

/** All that comes, until its end; the other direction stays open. */
function read(stream: NetworkStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => stream.once("end", () => resolve(Buffer.concat(chunks))));
}

const text = async (stream: NetworkStream) => (await read(stream)).toString();
const happens = (stream: NetworkStream, event: string) =>
  new Promise<unknown>((resolve) => stream.once(event, resolve));

async function connected() {
  const ends = pair();
  const near = ends.guest.open("a-task");
  while (ends.opened.length === 0) await turn();
  const far = ends.opened[0]?.stream as NetworkStream;
  for (const stream of [near, far]) stream.on("error", () => {});
  return { ...ends, near, far };
}

test("bytes arrive whole and in order, both ways at once, and both ends forget the stream", async () => {
  const { host, guest, near, far, opened } = await connected();
  assert.equal(opened[0]?.task, "a-task");
  const up = randomBytes(3_000_001);
  const down = randomBytes(2_000_003);
  near.end(up);
  far.end(down);
  const [gotUp, gotDown] = await Promise.all([read(far), read(near)]);
  assert.deepEqual([gotUp.equals(up), gotDown.equals(down)], [true, true]);
  while (host.size + guest.size > 0) await turn();
});

test("nothing at all is no frame", async () => {
  const { near, far, sent } = await connected();
  const before = sent.guest;
  near.write("");
  near.write(Buffer.alloc(0));
  await turn();
  assert.equal(sent.guest, before);
  near.end("something");
  assert.equal(await text(far), "something");
});

test("an end of one direction leaves the other open", async () => {
  const { near, far } = await connected();
  near.end("question");
  assert.equal(await text(far), "question");
  far.end("answer");
  assert.equal(await text(near), "answer");
});

test("who does not read is sent no more than a window, and keeps up nobody else", async () => {
  const { host, guest, near, far, opened, sent } = await connected();
  near.write(Buffer.alloc(4 * 1024 * 1024));
  for (let turns = 0; turns < 50; turns++) await turn();
  assert.equal(far.readableLength <= LIMITS.networkWindowBytes, true, `${far.readableLength} bytes are held`);
  assert.equal(sent.guest < LIMITS.networkWindowBytes + 4096, true, `${sent.guest} bytes were sent`);
  const other = guest.open("other-task");
  other.end("still here");
  while (opened.length < 2) await turn();
  assert.equal(await text(opened[1]?.stream as NetworkStream), "still here");
  assert.equal(host.size >= 1, true);
});

test("with many streams, each is granted less", async () => {
  const { guest, opened, sent } = pair();
  const streams = Array.from({ length: LIMITS.networkStreams + 36 }, () => guest.open("a-task"));
  while (opened.length < streams.length) await turn();
  sent.guest = 0;
  for (const stream of streams) stream.write(Buffer.alloc(1024 * 1024));
  for (const { stream } of opened) stream.read(0); // it looks, and takes nothing
  for (let turns = 0; turns < 50; turns++) await turn();
  const most = streams.length * (LIMITS.networkFirstWindowBytes + 64);
  assert.equal(sent.guest <= most, true, `${sent.guest} of ${most} bytes were sent`);
});

test("a stream that is destroyed at one end is an error at the other, and is gone at both", async () => {
  const { host, guest, near, far } = await connected();
  const failed = happens(far, "close");
  let code: unknown;
  far.once("error", (error: NodeJS.ErrnoException) => {
    code = error.code;
  });
  near.destroy();
  await failed;
  assert.deepEqual([code, host.size, guest.size], ["ECONNRESET", 0, 0]);
  far.destroy();
});

test("what was on its way to a stream that is gone is passed over", async () => {
  const { host, guest, near, far } = await connected();
  near.write("late");
  far.destroy();
  for (let turns = 0; turns < 5; turns++) await turn();
  assert.deepEqual([host.size, guest.size], [0, 0]);
});

test("a greeting takes every stream away, and later ones work", async () => {
  const ends = await connected();
  const closed = happens(ends.near, "close");
  ends.host.forgetAll();
  ends.host.greet();
  await closed;
  assert.deepEqual([ends.guest.size, ends.greetings()], [0, 1]);
  const again = ends.guest.open("a-task");
  while (ends.opened.length < 2) await turn();
  again.end("again");
  assert.equal(await text(ends.opened[1]?.stream as NetworkStream), "again");
});

test("a stream on which nothing moves times out, as long after the last that did", async () => {
  const IDLE_MS = 100;
  const { near, far } = await connected();
  near.setTimeout(IDLE_MS);
  const quiet = happens(near, "timeout").then(() => performance.now());
  let last = 0;
  near.on("data", () => {
    last = performance.now();
  });
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS / 2));
  far.write("x");
  const at = await quiet;
  // Where the first half took longer than the whole, nothing had come.
  assert.equal(last === 0 || at - last > IDLE_MS - 5, true, `${at - last} ms after the last byte`);
  near.destroy();
  far.destroy();
});

/** What a machine that was taken over may say after it opened stream 5. */
const HOSTILE: [string, Buffer][] = [
  ["a greeting", encodeFrame("hello", 0)],
  ["a stream that is opened twice", encodeFrame("open", 5, Buffer.from("a-task"))],
  ["a stream with an earlier number", encodeFrame("open", 4, Buffer.from("a-task"))],
  ["data of a stream that nobody opened", encodeFrame("data", 6, Buffer.from("x"))],
  ["credit without end", encodeCredit(5, 2 ** 32 - 1)],
  ["credit of next to nothing", encodeCredit(5, 1)],
  ["data after a reset", Buffer.concat([encodeFrame("reset", 5), encodeFrame("data", 5, Buffer.from("x"))])],
  ["a second reset", Buffer.concat([encodeFrame("reset", 5), encodeFrame("reset", 5)])],
  ["a second end", Buffer.concat([encodeFrame("end", 5), encodeFrame("end", 5)])],
  ["data after the end", Buffer.concat([encodeFrame("end", 5), encodeFrame("data", 5, Buffer.from("x"))])],
  [
    "more than it was granted",
    Buffer.concat(Array.from({ length: 2 }, () => encodeFrame("data", 5, Buffer.alloc(LIMITS.networkFrameBytes)))),
  ],
];

/** A host that a machine has opened stream 5 on. */
function hostOfOne() {
  const opened: NetworkStream[] = [];
  const host = new NetworkStreams({
    send: () => {},
    opened: (stream) => void opened.push(stream.on("error", () => {})),
  });
  host.receive(encodeFrame("open", 5, Buffer.from("a-task")));
  return { host, opened };
}

for (const [what, bytes] of HOSTILE) {
  test(`the host refuses ${what}`, () => {
    const { host } = hostOfOne();
    assert.throws(() => host.receive(bytes), ProtocolViolation);
  });
  test(`the host refuses ${what} also where it has ended the stream itself`, () => {
    const { host, opened } = hostOfOne();
    opened[0]?.destroy();
    assert.throws(() => host.receive(bytes), ProtocolViolation);
  });
}

test("what a machine may have sent before it heard of an end is passed over, for as many streams as it can have", () => {
  const { host, opened } = hostOfOne();
  const late = (id: number) => [
    encodeFrame("data", id, Buffer.alloc(LIMITS.networkFrameBytes)),
    encodeFrame("end", id),
    encodeFrame("reset", id),
  ];
  for (let id = 6; id < 6 + MOST_STREAMS; id++) host.receive(encodeFrame("open", id, Buffer.from("a-task")));
  for (const stream of opened) stream.destroy();
  for (let id = 6; id < 6 + MOST_STREAMS; id++) host.receive(Buffer.concat(late(id)));
  // So many later ones cannot all be open in the machine.
  assert.throws(() => host.receive(encodeFrame("end", 5)), ProtocolViolation);
});

test("the machine refuses a stream that the host opens", () => {
  const guest = new NetworkStreams({ send: () => {}, greeted: () => {} });
  assert.throws(() => guest.receive(encodeFrame("open", 1, Buffer.from("a-task"))), ProtocolViolation);
});

test("what nobody reads takes no more memory than its bytes, however small its pieces are", async () => {
  const opened: NetworkStream[] = [];
  const host = new NetworkStreams({ send: () => {}, opened: (stream) => void opened.push(stream) });
  host.receive(encodeFrame("open", 1, Buffer.from("a-task")));
  const [unread] = opened as [NetworkStream];
  for (let count = 0; count < 1000; count++) {
    const piece = encodeFrame("data", 1, Buffer.from([count % 256]));
    // In a chunk of its own, as it comes from a socket.
    const chunk = Buffer.allocUnsafeSlow(30_000);
    piece.copy(chunk);
    host.receive(chunk.subarray(0, piece.length));
  }
  host.receive(encodeFrame("end", 1));
  const chunks: Buffer[] = [];
  unread.on("data", (chunk: Buffer) => chunks.push(chunk));
  await happens(unread, "end");
  assert.deepEqual(Buffer.concat(chunks), Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 256)));
  const held = [...new Set(chunks.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);
  assert.equal(held <= 64 * 1024 && chunks.length < 10, true, `${held} bytes in ${chunks.length} pieces`);
});

test("small and large pieces that wait together arrive in order", async () => {
  const { near, far } = await connected();
  const sizes = [1, 5000, 3, 4096, 4095, 1, 9000, 2];
  const pieces = sizes.map((size, at) => Buffer.alloc(size, at + 1));
  for (const piece of pieces) await new Promise<void>((resolve) => near.write(piece, () => resolve()));
  near.end();
  await turn();
  assert.deepEqual(await read(far), Buffer.concat(pieces));
});
