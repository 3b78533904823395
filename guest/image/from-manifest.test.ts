import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { IMAGE_SCHEMA, type ImageManifest, recipeHash } from "../../runtime/state/image.ts";
import { Apt } from "./apt.ts";
import { makeSignedArchive } from "./archive.fixture.ts";
import { debsDir } from "./deb.ts";
import { checkManifest, compareFiles, readManifest, resolveManifest } from "./from-manifest.ts";
import { refreshLists } from "./package-lists.ts";
import { REPO } from "./places.ts";
import { BuildProgress } from "./progress.ts";

const SOURCES = ["guest/packages.txt"];
const never = new AbortController().signal;
const hash = (digit: number) => String(digit).repeat(64);
const file = (digit: number) => ({ bytes: 5, sha256: hash(digit) });
const tool = { name: "tool", version: "1.0", sha256: hash(3) };

/** Of an image with what the test archive has. */
const manifest = (changes: Partial<ImageManifest> = {}): ImageManifest => ({
  schema: IMAGE_SCHEMA,
  recipe: recipeHash(REPO, { sources: SOURCES, extraPackages: [] }),
  sources: SOURCES,
  inputs: hash(7),
  extraPackages: [],
  kernel: { release: "6.12.1-amd64", name: "linux-image-6.12.1-amd64", version: "6.12.1-1", sha256: hash(1) },
  packages: [tool],
  node: { version: "22.0.0" },
  pi: { version: "0.1.0", bytes: 5 },
  tools: { mkfsErofs: "1.5", esbuild: "0.1.0" },
  files: { vmlinux: file(4), "initramfs.cpio": file(5), "root.erofs": file(6) },
  ...changes,
});

/** apt with the test archive, and what resolves a manifest there. */
async function world(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), "piwork-manifest-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const { uri, keyring } = makeSignedArchive(dir);
  mkdirSync(join(dir, "etc"));
  writeFileSync(join(dir, "etc/sources.list"), `deb ${uri} bookworm main\n`);
  const apt = await Apt.open(join(dir, "apt"), never, { etc: join(dir, "etc"), keyring });
  const said: string[] = [];
  const progress = new BuildProgress({ isTTY: false, write: (text: string) => said.push(text) }, dir, never);
  const resolve = (wanted: ImageManifest, options = {}) =>
    resolveManifest(apt, wanted, progress, () => refreshLists(apt, progress), options);
  return { dir, apt, said, resolve };
}

test("the packages of a manifest are those of the mirror with the same version and sha256", async (t) => {
  const { kernel, userland } = await (await world(t)).resolve(manifest());
  assert.deepEqual(
    [kernel, ...userland].map(({ file }) => file),
    ["linux-image-6.12.1-amd64_6.12.1-1_amd64.deb", "tool_1.0_amd64.deb"],
  );
});

test("a version that the mirror does not have is refused, with advice", async (t) => {
  const { apt, resolve } = await world(t);
  await assert.rejects(resolve(manifest({ packages: [{ ...tool, version: "0.9" }] })), (error: Error) => {
    assert.match(error.message, /lists do not name.*tool 0\.9/);
    assert.match((error as Error & { advice: string }).advice, new RegExp(`--unsigned.*${debsDir(apt)}`));
    return true;
  });
});

test("another file of the same version is refused", async (t) => {
  const { resolve } = await world(t);
  await assert.rejects(
    resolve(manifest({ packages: [{ ...tool, sha256: hash(8) }] })),
    /lists do not name.*tool 1\.0 \(sha256 8/,
  );
});

test("a kept file that no signed list names is refused, unless the person asks for it", async (t) => {
  const { apt, said, resolve } = await world(t);
  mkdirSync(debsDir(apt), { recursive: true });
  const keep = (name: string, content: string) => {
    writeFileSync(join(debsDir(apt), name), content);
    return createHash("sha256").update(content).digest("hex");
  };
  keep("tool_0.9_all.deb", "not this");
  const old = { name: "tool", version: "0.9", sha256: keep("tool_0.9_amd64.deb", "this") };
  const wanted = manifest({ packages: [old] });
  await assert.rejects(resolve(wanted), /signed package lists do not name/);
  const { kernel, userland } = await resolve(wanted, { unsigned: true });
  assert.equal(kernel.unsigned, undefined);
  assert.deepEqual(userland, [{ ...old, file: "tool_0.9_amd64.deb", bytes: 4, unsigned: true }]);
  assert.match(said.join(""), /do not name 1 of the packages/);
});

test("lists that are there are asked before a mirror", async (t) => {
  const { apt, dir, resolve } = await world(t);
  await resolve(manifest());
  const progress = new BuildProgress({ isTTY: false, write: () => true }, dir, never);
  const found = await resolveManifest(apt, manifest(), progress, () => assert.fail("lists were fetched"));
  assert.equal(found.userland[0]?.sha256, tool.sha256);
});

test("a manifest of other sources or of another mkfs.erofs is refused", () => {
  checkManifest(manifest(), "1.5");
  assert.throws(() => checkManifest(manifest({ recipe: hash(9) }), "1.5"), /other sources than those of this checkout/);
  assert.throws(() => checkManifest(manifest(), "1.8.6"), /made with mkfs\.erofs 1\.5, and this machine has 1\.8\.6/);
});

test("an image that came out otherwise is refused, and the file is named", () => {
  compareFiles(manifest(), manifest());
  const other = manifest({ files: { ...manifest().files, "root.erofs": file(9) } });
  assert.throws(() => compareFiles(manifest(), other), /root\.erofs came out with another sha256/);
});

test("a file that is no manifest, or one that names a package like an option, is refused", async (t) => {
  const { dir } = await world(t);
  const path = join(dir, "manifest.json");
  await assert.rejects(readManifest(path), /could not be read \(ENOENT\)/);
  const escaped = manifest({ tools: { mkfsErofs: "1.5\u001b[2K", esbuild: "0.1.0" } });
  for (const wrong of [
    "{",
    "{}",
    JSON.stringify(escaped),
    JSON.stringify(manifest({ packages: [{ ...tool, name: "-oDir=x" }] })),
  ]) {
    writeFileSync(path, wrong);
    await assert.rejects(readManifest(path), /not the manifest of an image of this version/);
  }
  writeFileSync(path, JSON.stringify(manifest()));
  assert.deepEqual(await readManifest(path), manifest());
});
