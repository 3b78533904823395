import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { elfWithNote } from "./elf.fixture.ts";
import { extractVmlinux, findPayload, hasPvhEntry } from "./vmlinux.ts";

/** A vmlinuz around `payload`, by the setup header of the boot protocol. */
function vmlinuz(payload: Buffer, version = 0x20f): Buffer {
  const setup = Buffer.alloc(2 * 512);
  setup.writeUInt8(1, 0x1f1);
  setup.write("HdrS", 0x202);
  setup.writeUInt16LE(version, 0x206);
  setup.writeUInt32LE(16, 0x248);
  setup.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([setup, Buffer.alloc(16), payload, Buffer.from("after")]);
}

const kernel = elfWithNote("Xen\0", 18);
const compress = (data: Buffer) => execFileSync("xz", ["-c"], { input: data });
const never = new AbortController().signal;

test("the kernel comes out of its envelope, whatever follows the compressed stream", async () => {
  const size = Buffer.alloc(4, 1);
  assert.deepEqual(await extractVmlinux(vmlinuz(Buffer.concat([compress(kernel), size])), never), kernel);
});

/** `kernel`, compressed by zstd 1.5; no host needs that program, and Node 20 cannot do it. */
const ZSTD_KERNEL = "KLUv/QRodQEA4H9FTEYCAEAAOAABAAQAeAAYAAQAEgAAAFhlbgAIIMAPINwBK1jhgQ+ExvYpAigWh+U=";

test("a kernel compressed with zstd comes out too", async () => {
  const payload = Buffer.concat([Buffer.from(ZSTD_KERNEL, "base64"), Buffer.alloc(4, 1)]);
  assert.deepEqual(await extractVmlinux(vmlinuz(payload), never), kernel);
});

for (const [what, file] of Object.entries({
  "is no kernel": Buffer.alloc(4096),
  "is too short": Buffer.from("HdrS"),
  "is of an old protocol": vmlinuz(compress(kernel), 0x207),
  "has no payload": vmlinuz(Buffer.alloc(0)),
  "is cut short": vmlinuz(compress(kernel)).subarray(0, 1060),
  "is compressed otherwise": vmlinuz(Buffer.from("\x1f\x8b gzip", "latin1")),
  "holds something else": vmlinuz(compress(Buffer.from("hello"))),
  "cannot be entered by PVH": vmlinuz(compress(elfWithNote("Xen\0", 5))),
}))
  test(`a vmlinuz that ${what} is a changed layout`, async () => {
    await assert.rejects(extractVmlinux(file, never), /changed kernel layout/);
  });

test("a payload that is no xz although it says so fails", async () => {
  const broken = Buffer.concat([compress(kernel).subarray(0, 20), Buffer.alloc(50)]);
  assert.equal(findPayload(vmlinuz(broken)).length, 70);
  await assert.rejects(extractVmlinux(vmlinuz(broken), never), /xz failed/);
});

test("another's note is no entry", () => {
  assert.equal(hasPvhEntry(kernel), true);
  assert.equal(hasPvhEntry(elfWithNote("GNU\0", 18)), false);
});
