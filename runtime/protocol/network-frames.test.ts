import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS } from "./limits.ts";
import { encodeCredit, encodeFrame, type Frame, FrameSplitter } from "./network-frames.ts";
import { ProtocolViolation } from "./violation.ts";

const FRAMES: Frame[] = [
  { kind: "hello", stream: 0, payload: Buffer.alloc(0) },
  { kind: "open", stream: 1, payload: Buffer.from("a-task") },
  { kind: "data", stream: 1, payload: Buffer.from([0, 1, 2, 255]) },
  { kind: "credit", stream: 1, payload: Buffer.from([0, 0, 1, 0]) },
  { kind: "end", stream: 1, payload: Buffer.alloc(0) },
  { kind: "reset", stream: 2 ** 32 - 1, payload: Buffer.alloc(0) },
];
const BYTES = Buffer.concat(FRAMES.map(({ kind, stream, payload }) => encodeFrame(kind, stream, payload)));

test("frames come out as they went in, wherever the bytes are split", () => {
  for (let at = 0; at <= BYTES.length; at++) {
    const splitter = new FrameSplitter();
    const found = [BYTES.subarray(0, at), BYTES.subarray(at)].flatMap((piece) => [...splitter.push(piece)]);
    assert.deepEqual(found, FRAMES, `split at ${at}`);
  }
  const splitter = new FrameSplitter();
  assert.deepEqual(
    [...BYTES].flatMap((byte) => [...splitter.push(Buffer.from([byte]))]),
    FRAMES,
  );
});

test("credit is a number of bytes", () => {
  const [frame] = [...new FrameSplitter().push(encodeCredit(7, 65_537))];
  assert.deepEqual([frame?.stream, frame?.payload.readUInt32BE()], [7, 65_537]);
});

/** A head alone: what it announces decides. */
function head(kind: number, length: number, stream: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(kind, 0);
  bytes.writeUIntBE(length, 1, 3);
  bytes.writeUInt32BE(stream, 4);
  return bytes;
}

const HOSTILE: [string, Buffer][] = [
  ["kind 0", head(0, 0, 1)],
  ["a kind that there is not", head(7, 0, 1)],
  ["the last kind there could be", head(255, 0, 1)],
  ["data without any", head(3, 0, 1)],
  ["more data than a frame holds", head(3, LIMITS.networkFrameBytes + 1, 1)],
  ["16 MiB of data", head(3, 2 ** 24 - 1, 1)],
  ["a name that is too short", head(2, 2, 1)],
  ["a name that is too long", head(2, 65, 1)],
  ["an end with a payload", head(4, 1, 1)],
  ["a reset with a payload", head(5, 1, 1)],
  ["credit of three bytes", head(6, 3, 1)],
  ["credit of five bytes", head(6, 5, 1)],
  ["a greeting of a stream", head(1, 0, 1)],
  ["data of no stream", head(3, 1, 0)],
  ["a stream 0 that is opened", head(2, 3, 0)],
  ["text", Buffer.from("GET / HTTP/1.1\r\n")],
];

for (const [what, bytes] of HOSTILE) {
  test(`refused before its payload is there: ${what}`, () => {
    assert.throws(() => [...new FrameSplitter().push(bytes)], ProtocolViolation);
    assert.throws(() => [...new FrameSplitter().push(Buffer.concat([BYTES, bytes]))], ProtocolViolation);
  });
}
