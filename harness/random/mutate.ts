import type { Random } from "./random.ts";

/** Characters and words that parsers stumble over. */
const TOKENS = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ":",
  ",",
  "\\",
  "\n",
  "\r\n",
  "\0",
  "\u2028",
  "\ud800",
  "null",
  "true",
  "-0",
  "1e999",
  "99999999999999999999",
  '"__proto__"',
  '"constructor"',
  '""',
  "../../etc",
  "%00",
  "\\u0000",
  "[[[[[[[[",
  "{}{}",
];

/** A line that is like one of these and probably no longer what it was; bytes, because it need not be text either. */
export function mutate(random: Random, lines: readonly string[]): Buffer {
  let bytes: Buffer = Buffer.from(random.pick(lines));
  const changes = random.below(6);
  for (let count = 0; count < changes; count++) bytes = random.pick(CHANGES)(random, bytes, lines);
  return bytes;
}

type Change = (random: Random, bytes: Buffer, lines: readonly string[]) => Buffer;

const at = (random: Random, bytes: Buffer) => random.below(bytes.length + 1);

function replace(bytes: Buffer, from: number, to: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);
}

const CHANGES: readonly Change[] = [
  // a bit flips
  (random, bytes) => {
    const changed = Buffer.from(bytes);
    const place = random.below(bytes.length || 1);
    if (bytes.length > 0) changed[place] = (changed[place] ?? 0) ^ (1 << random.below(8));
    return changed;
  },
  // a piece is lost
  (random, bytes) => {
    const from = at(random, bytes);
    return replace(bytes, from, Math.min(bytes.length, from + random.below(20)), Buffer.alloc(0));
  },
  // a piece comes twice
  (random, bytes) => {
    const from = at(random, bytes);
    const piece = bytes.subarray(from, from + random.below(200));
    return replace(bytes, from, from, piece);
  },
  // something is put in
  (random, bytes) => {
    const place = at(random, bytes);
    return replace(bytes, place, place, Buffer.from(random.pick(TOKENS)));
  },
  // a value becomes another one
  (random, bytes) => {
    const text = bytes.toString("latin1");
    const values = [...text.matchAll(/:("[^"]*"|-?\d+|true|false|null)/g)];
    if (values.length === 0) return bytes;
    const { index, 0: found } = random.pick(values);
    return replace(bytes, index + 1, index + found.length, Buffer.from(random.pick(TOKENS)));
  },
  // the rest of another line follows
  (random, bytes, lines) => {
    const other = Buffer.from(random.pick(lines));
    return Buffer.concat([bytes.subarray(0, at(random, bytes)), other.subarray(at(random, other))]);
  },
  // it becomes very long, or very deep
  (random, bytes) => {
    const place = at(random, bytes);
    const piece = random.pick(["x", "[", '{"a":', " ", "\\"]).repeat(1 + random.below(5_000));
    return random.below(4) === 0 ? replace(bytes, place, place, Buffer.from(piece)) : bytes;
  },
  // bytes that are no text
  (random, bytes) => {
    const place = at(random, bytes);
    return replace(
      bytes,
      place,
      place,
      Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256))),
    );
  },
];
