import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import * as z from "zod";

/** Most of a machine's memory was never written. What was is kept in pieces of this many bytes, one after the other. */
const PIECE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(PIECE_BYTES);
/** Bytes that are read or written at once. */
const CHUNK_BYTES = 4 * 1024 * 1024;

export const packedMemory = z.strictObject({
  bytes: z.int().positive(),
  /** of the packed bytes: tells a damaged file, not a forged one */
  crc32: z.int().nonnegative(),
  /** where each run of pieces belongs, in the order in which they are kept: offset and length in bytes */
  runs: z.array(z.tuple([z.int().nonnegative(), z.int().positive()])),
});
export type PackedMemory = z.infer<typeof packedMemory>;

/** Writes what is not zero of `memory`, which has this many bytes, to a new file. */
export async function packMemory(memory: number, size: number, target: string): Promise<PackedMemory> {
  await using file = await open(target, "wx", 0o600);
  await using source = await open(`/proc/self/fd/${memory}`, "r");
  const runs: [number, number][] = [];
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let bytes = 0;
  let sum = 0;
  for (let at = 0; at < size; at += chunk.length) {
    const { bytesRead } = await source.read(chunk, 0, Math.min(chunk.length, size - at), at);
    if (bytesRead === 0) throw new Error("the memory is shorter than it should be");
    for (let within = 0; within < bytesRead; within += PIECE_BYTES) {
      const piece = chunk.subarray(within, Math.min(within + PIECE_BYTES, bytesRead));
      if (piece.equals(NOTHING.subarray(0, piece.length))) continue;
      const last = runs.at(-1);
      if (last !== undefined && last[0] + last[1] === at + within) last[1] += piece.length;
      else runs.push([at + within, piece.length]);
      await writeWhole(file, piece, bytes);
      sum = crc32(piece, sum);
      bytes += piece.length;
    }
  }
  await file.sync();
  return { bytes, crc32: sum, runs };
}

/** Puts packed memory back where it belongs in `memory`; says whether it is what was packed. */
export async function unpackMemory(path: string, packed: PackedMemory, memory: number): Promise<boolean> {
  await using file = await open(path, "r");
  await using target = await open(`/proc/self/fd/${memory}`, "r+");
  if (!areApart(packed.runs, (await target.stat()).size)) return false;
  // One is written while the other is read and summed up.
  let [chunk, other] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
  let written = Promise.resolve();
  let from = 0;
  let sum = 0;
  for (const [offset, length] of packed.runs) {
    for (let within = 0; within < length; ) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, length - within), from);
      await written;
      if (bytesRead === 0) return false;
      const piece = chunk.subarray(0, bytesRead);
      written = writeWhole(target, piece, offset + within);
      sum = crc32(piece, sum);
      from += bytesRead;
      within += bytesRead;
      [chunk, other] = [other, chunk];
    }
  }
  await written;
  return from === packed.bytes && sum === packed.crc32;
}

/** Whether each run is behind the one before it, and within memory of this size. */
function areApart(runs: PackedMemory["runs"], size: number): boolean {
  let end = 0;
  for (const [offset, length] of runs) {
    if (offset < end) return false;
    end = offset + length;
  }
  return end <= size;
}

async function writeWhole(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, at + written);
    written += bytesWritten;
  }
}
