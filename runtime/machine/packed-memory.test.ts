import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { packMemory, unpackMemory } from "./packed-memory.ts";

const PIECE = 64 * 1024;
const directory = mkdtempSync(join(tmpdir(), "piwork-packed-"));
after(() => rmSync(directory, { recursive: true }));

/** Memory of six pieces and a half: something, nothing, two of something, nothing, something, a half of something. */
const original = Buffer.concat(
  [1, 0, 2, 3, 0, 4].map((byte) => Buffer.alloc(PIECE, byte)).concat([Buffer.alloc(PIECE / 2, 5)]),
);

async function pack(name: string) {
  const source = join(directory, `${name}.memory`);
  writeFileSync(source, original);
  const fd = openSync(source, "r");
  try {
    return { path: join(directory, name), packed: await packMemory(fd, original.length, join(directory, name)) };
  } finally {
    closeSync(fd);
  }
}

async function unpack(name: string, { path, packed }: Awaited<ReturnType<typeof pack>>) {
  const target = join(directory, `${name}.again`);
  writeFileSync(target, Buffer.alloc(original.length));
  const fd = openSync(target, "r+");
  try {
    return { isWhole: await unpackMemory(path, packed, fd), bytes: readFileSync(target) };
  } finally {
    closeSync(fd);
  }
}

test("only what is not zero is kept, and comes back where it was", async () => {
  const kept = await pack("whole");
  assert.deepEqual(kept.packed.runs, [
    [0, PIECE],
    [2 * PIECE, 2 * PIECE],
    [5 * PIECE, 1.5 * PIECE],
  ]);
  assert.equal(readFileSync(kept.path).length, 4.5 * PIECE);
  const { isWhole, bytes } = await unpack("whole", kept);
  assert.equal(isWhole && bytes.equals(original), true);
});

test("what is cut off is told", async () => {
  const kept = await pack("cut");
  truncateSync(kept.path, 3 * PIECE);
  assert.equal((await unpack("cut", kept)).isWhole, false);
});

test("a changed byte is told", async () => {
  const kept = await pack("changed");
  const bytes = readFileSync(kept.path);
  bytes[PIECE + 7] = (bytes[PIECE + 7] ?? 0) ^ 1;
  writeFileSync(kept.path, bytes);
  assert.equal((await unpack("changed", kept)).isWhole, false);
});

for (const [what, at] of [
  ["beyond the end of the memory", original.length - PIECE],
  ["before what was put there already", 0],
] as const) {
  test(`a run ${what} is told`, async () => {
    const kept = await pack(`misplaced-${at}`);
    const runs = kept.packed.runs.map(([offset, length], run): [number, number] => [run === 2 ? at : offset, length]);
    assert.equal((await unpack("misplaced", { ...kept, packed: { ...kept.packed, runs } })).isWhole, false);
  });
}
