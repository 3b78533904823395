import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { execaSync } from "execa";
import { elfWithSection } from "./elf.fixture.ts";
import { installModules, modinfo, orderModules } from "./modules.ts";

/** Writes modules that say of themselves what `infos` says, and gives their paths. */
function modules(t: TestContext, infos: Record<string, string[]>): string[] {
  const dir = mkdtempSync(join(tmpdir(), "piwork-modules-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return Object.entries(infos).map(([name, info]) => {
    writeFileSync(join(dir, `${name}.ko`), elfWithSection(".modinfo", Buffer.from(`${info.join("\0")}\0`)));
    return join(dir, `${name}.ko`);
  });
}

const never = new AbortController().signal;
const names = async (needed: string[], paths: string[], builtIn: string[] = []) =>
  (await orderModules(needed, paths, builtIn, never)).map(({ name }) => name);

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

test("a compressed module is read like another", async (t) => {
  const [plain = ""] = modules(t, { f2fs: ["depends=lz4"] });
  const [lz4 = ""] = modules(t, { lz4: ["depends="] });
  execaSync("xz", [plain]);
  const ordered = await orderModules(["f2fs"], [`${plain}.xz`, lz4], [], never);
  assert.deepEqual(
    ordered.map(({ name, content }) => [name, content.toString("latin1", 0, 4)]),
    [
      ["lz4", "\x7fELF"],
      ["f2fs", "\x7fELF"],
    ],
  );
});

test("a module that is built in is neither looked for nor loaded", async (t) => {
  const paths = modules(t, { overlay: ["depends=fuse"] });
  assert.deepEqual(await names(["fuse", "overlay"], paths, ["kernel/fs/fuse/fuse.ko"]), ["overlay"]);
});

test("modules for later lie where modprobe looks, each with all that it needs, what is loaded first standing last", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "piwork-root-"));
  t.after(() => rmSync(root, { recursive: true }));
  const paths = modules(t, {
    f2fs: ["depends=compress,loaded"],
    compress: ["softdep=pre: lz"],
    lz_generic: [],
    overlay: [],
  });
  const ordered = await orderModules(["overlay", "f2fs"], paths, ["loaded.ko"], never);
  await installModules(root, "6.12", ordered);
  assert.equal(
    readFileSync(join(root, "usr/lib/modules/6.12/modules.dep"), "utf8"),
    "overlay.ko:\nlz_generic.ko:\ncompress.ko: lz_generic.ko\nf2fs.ko: compress.ko lz_generic.ko\n",
  );
});

test("two modules that wish for each other end", async (t) => {
  const paths = modules(t, { a: ["softdep=pre: b", "depends="], b: ["softdep=pre: a", "depends="] });
  assert.deepEqual(await names(["a"], paths), ["b", "a"]);
});

test("a missing module is named, and who needs it", async (t) => {
  const paths = modules(t, { cachefiles: ["depends=netfs"] });
  await assert.rejects(
    names(["cachefiles"], paths),
    /changed kernel layout: there is no module netfs, which cachefiles needs/,
  );
});
