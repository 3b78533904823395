import assert from "node:assert/strict";
import { test } from "node:test";
import { LineSplitter, LineTooLong } from "./lines.ts";

const all = (splitter: LineSplitter, ...chunks: (string | Buffer)[]) =>
  chunks
    .flatMap((chunk) => [...splitter.push(Buffer.from(chunk))])
    .map((line) => (line instanceof LineTooLong ? "too long" : line));

test("a stream cut at every byte gives the same lines", () => {
  const stream = Buffer.from('{"a":"ü\u2028"}\n\n{"b":2}\n');
  const bytewise = all(new LineSplitter(100), ...[...stream].map((byte) => Buffer.from([byte])));
  assert.deepEqual(bytewise, ['{"a":"ü\u2028"}', "", '{"b":2}']);
  assert.deepEqual(all(new LineSplitter(100), stream), bytewise);
});

test("an endless line is refused once, is not kept, and the stream goes on after it", () => {
  const splitter = new LineSplitter(10);
  assert.deepEqual(all(splitter, "12345", "6789", "0", "x".repeat(1000)), ["too long"]);
  assert.equal(splitter.held, 0);
  assert.deepEqual(all(splitter, "still the same line\nnext\n"), ["next"]);
});

test("an endless line is refused also where each of its pieces is short", () => {
  const splitter = new LineSplitter(10);
  assert.deepEqual(all(splitter, ..."x".repeat(50)), ["too long"]);
  assert.equal(splitter.held, 0);
});

test("a line that comes byte by byte is not kept as so many pieces", () => {
  const [pieces, pieceBytes] = [200_000, 1024];
  const splitter = new LineSplitter(2 * pieces);
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < pieces; count++) all(splitter, Buffer.alloc(pieceBytes, "x").subarray(0, 1));
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.equal(grown < (pieces * pieceBytes) / 2, true, `${grown} bytes are kept`);
  assert.deepEqual(all(splitter, "\n"), ["x".repeat(pieces)]);
});

test("the limit counts the newline: limit - 1 bytes pass, limit bytes do not", () => {
  assert.deepEqual(all(new LineSplitter(10), `${"x".repeat(9)}\n`), ["x".repeat(9)]);
  assert.deepEqual(all(new LineSplitter(10), `${"x".repeat(10)}\nok\n`), ["too long", "ok"]);
});
