import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { elfWithSection } from "./elf.fixture.ts";
import { modinfo, orderModules } from "./modules.ts";

/** Writes modules that say of themselves what `infos` says, and gives their paths. */
function modules(t: TestContext, infos: Record<string, string[]>): string[] {
  const dir = mkdtempSync(join(tmpdir(), "piwork-modules-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return Object.entries(infos).map(([name, info]) => {
    writeFileSync(join(dir, `${name}.ko`), elfWithSection(".modinfo", Buffer.from(`${info.join("\0")}\0`)));
    return join(dir, `${name}.ko`);
  });
}

const names = async (needed: string[], paths: string[]) => (await orderModules(needed, paths)).map(({ name }) => name);

test("a module's own description is read", () => {
  const module = elfWithSection(".modinfo", Buffer.from("license=GPL\0depends=a,b\0"));
  assert.deepEqual(modinfo(module), ["license=GPL", "depends=a,b"]);
  assert.throws(() => modinfo(elfWithSection(".other", Buffer.alloc(1))), /changed kernel layout/);
});

test("every module comes once, after all that it needs", async (t) => {
  const paths = modules(t, {
    erofs: ["depends=libcrc32c"],
    libcrc32c: ["softdep=pre: crc32c", "depends="],
    crc32c_generic: ["depends="],
    "virtio-ring": ["depends="],
    virtio_blk: ["depends=virtio_ring,libcrc32c"],
    unrelated: ["depends=erofs"],
  });
  assert.deepEqual(await names(["erofs", "virtio_blk"], paths), [
    "crc32c_generic",
    "libcrc32c",
    "erofs",
    "virtio_ring",
    "virtio_blk",
  ]);
});

test("a wish for what is built in is no need", async (t) => {
  assert.deepEqual(await names(["x"], modules(t, { x: ["softdep=pre: gone post: later", "depends="] })), ["x"]);
});

test("two modules that wish for each other end", async (t) => {
  const paths = modules(t, { a: ["softdep=pre: b", "depends="], b: ["softdep=pre: a", "depends="] });
  assert.deepEqual(await names(["a"], paths), ["b", "a"]);
});

test("a missing module is named, and who needs it", async (t) => {
  const paths = modules(t, { "9p": ["depends=netfs"] });
  await assert.rejects(orderModules(["9p"], paths), /changed kernel layout: there is no module netfs, which 9p needs/);
});
