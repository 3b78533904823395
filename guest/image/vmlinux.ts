import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changedKernel } from "./step-error.ts";
import { output } from "./tool.ts";

/**
 * The ELF kernel inside a `vmlinuz`. QEMU starts it by its PVH entry, which skips the decompression that a slow,
 * emulated CPU would pay for at every boot.
 */
export async function extractVmlinux(vmlinuz: Buffer, signal: AbortSignal): Promise<Buffer> {
  const vmlinux = await decompress(findPayload(vmlinuz), signal);
  if (!hasPvhEntry(vmlinux)) throw changed("what is inside is not an ELF kernel with a PVH entry");
  return vmlinux;
}

const XZ_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const startsWith = (buffer: Buffer, magic: Buffer) => buffer.subarray(0, magic.length).equals(magic);

/** The compressed kernel, by the setup header (Documentation/arch/x86/boot.rst). */
export function findPayload(vmlinuz: Buffer): Buffer {
  if (vmlinuz.length < 0x250 || vmlinuz.toString("latin1", 0x202, 0x206) !== "HdrS")
    throw changed("vmlinuz has no setup header");
  // Payload offset and length exist since boot protocol 2.08.
  if (vmlinuz.readUInt16LE(0x206) < 0x208) throw changed("its boot protocol is older than 2.08");
  const setupSectors = vmlinuz.readUInt8(0x1f1) || 4;
  const start = (setupSectors + 1) * 512 + vmlinuz.readUInt32LE(0x248);
  const length = vmlinuz.readUInt32LE(0x24c);
  if (length === 0 || start + length > vmlinuz.length) throw changed("the payload lies outside of vmlinuz");
  return vmlinuz.subarray(start, start + length);
}

async function decompress(payload: Buffer, signal: AbortSignal): Promise<Buffer> {
  // The payload ends with its uncompressed size, which is no part of the compressed stream.
  if (startsWith(payload, XZ_MAGIC)) return output("xz", ["-dc", "--single-stream"], signal, payload);
  if (!startsWith(payload, ZSTD_MAGIC)) throw changed("it is compressed with neither xz nor zstd");
  // Node 20 has no zstd, but apt does; it decides by the name of a file how that is compressed.
  const dir = await mkdtemp(join(tmpdir(), "piwork-kernel-"));
  try {
    const file = join(dir, "vmlinux.zst");
    await writeFile(file, payload.subarray(0, -4));
    return await output("/usr/lib/apt/apt-helper", ["cat-file", file], signal);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Whether `image` is a 64-bit ELF with the Xen note PHYS32_ENTRY, the address where QEMU enters it. */
export function hasPvhEntry(image: Buffer): boolean {
  if (image.length < 64 || !image.subarray(0, 5).equals(Buffer.from("\x7fELF\x02", "latin1"))) return false;
  const headers = Number(image.readBigUInt64LE(0x20));
  const headerSize = image.readUInt16LE(0x36);
  const count = image.readUInt16LE(0x38);
  if (headers + headerSize * count > image.length) return false;
  for (let at = headers; at < headers + headerSize * count; at += headerSize) {
    if (image.readUInt32LE(at) !== PT_NOTE) continue;
    const start = Number(image.readBigUInt64LE(at + 0x08));
    if (notes(image.subarray(start, start + Number(image.readBigUInt64LE(at + 0x20)))).some(isPvhNote)) return true;
  }
  return false;
}

const PT_NOTE = 4;
const isPvhNote = (note: { name: string; type: number }) => note.name === "Xen\0" && note.type === 18;

function notes(segment: Buffer): { name: string; type: number }[] {
  const found = [];
  const padded = (length: number) => (length + 3) & ~3;
  for (let at = 0; at + 12 <= segment.length; ) {
    const nameLength = segment.readUInt32LE(at);
    found.push({ name: segment.toString("latin1", at + 12, at + 12 + nameLength), type: segment.readUInt32LE(at + 8) });
    at += 12 + padded(nameLength) + padded(segment.readUInt32LE(at + 4));
  }
  return found;
}

const changed = (what: string) => changedKernel(what, "vmlinux.ts");
