import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { findImage, type ImageManifest, imageDirs, packageName, recipeHash } from "./image.ts";

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "piwork-image-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

function write(root: string, path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

const WHAT = { sources: ["guest/taskd/main.ts", "runtime/protocol/rpc.ts"], extraPackages: [] };

/** A repository as small as a recipe can be. */
function repository(t: TestContext): string {
  const repo = folder(t);
  pin(repo, { zod: "4.0.0", esbuild: "0.28.0" });
  write(repo, "guest/taskd/main.ts", "one");
  write(repo, "runtime/protocol/rpc.ts", "two");
  return repo;
}

function pin(repo: string, versions: Record<string, string>): void {
  const packages = Object.entries(versions).map(([name, version]) => [`node_modules/${name}`, { version }]);
  write(repo, "package-lock.json", JSON.stringify({ packages: Object.fromEntries(packages) }));
}

test("what does not go into an image does not change its recipe", (t) => {
  const repo = repository(t);
  const recipe = recipeHash(repo, WHAT);
  write(repo, "guest/taskd/main.test.ts", "a test");
  write(repo, "runtime/machine/qemu.ts", "not of the guest");
  pin(repo, { zod: "4.0.0", esbuild: "0.28.0", commander: "1.0.0" });
  assert.equal(recipeHash(repo, WHAT), recipe);
});

for (const [what, change] of Object.entries<(repo: string) => void>({
  "a source": (repo) => write(repo, "guest/taskd/main.ts", "One"),
  "a missing source": (repo) => rmSync(join(repo, "guest/taskd/main.ts")),
  "the version of zod": (repo) => pin(repo, { zod: "4.0.1", esbuild: "0.28.0" }),
  "the version of esbuild": (repo) => pin(repo, { zod: "4.0.0", esbuild: "0.28.1" }),
}))
  test(`${what} changes the recipe`, (t) => {
    const repo = repository(t);
    const recipe = recipeHash(repo, WHAT);
    change(repo);
    assert.notEqual(recipeHash(repo, WHAT), recipe);
  });

test("another list of sources or of extra packages is another recipe", (t) => {
  const repo = repository(t);
  const recipe = recipeHash(repo, WHAT);
  assert.notEqual(recipeHash(repo, { ...WHAT, extraPackages: ["git"] }), recipe);
  assert.notEqual(recipeHash(repo, { ...WHAT, sources: ["guest/taskd/main.ts"] }), recipe);
});

test("only names of packages are taken for names of packages", () => {
  for (const name of ["libstdc++6", "python3.11", "g++"]) assert.equal(packageName.safeParse(name).success, true, name);
  for (const name of ["", "x", "-y", "bash-", "bash=1", "./bash.deb", "bash/sid", "Bash", "a b", "bash*"])
    assert.equal(packageName.safeParse(name).success, false, name);
});

const hash = "0".repeat(64);
const file = { bytes: 3, sha256: hash };
const manifest: ImageManifest = {
  schema: 3,
  recipe: hash,
  sources: WHAT.sources,
  inputs: hash,
  extraPackages: [],
  kernel: { release: "6.1", name: "linux-image", version: "1", sha256: hash },
  packages: [],
  node: { version: "22.0.0" },
  pi: { version: "0.1.0", bytes: 1 },
  tools: { mkfsErofs: "1.5", esbuild: "0.28.0" },
  files: { vmlinux: file, "initramfs.cpio": file, "root.erofs": file },
};

/** Publishes an image that is `age` seconds old. */
function publish(cache: string, name: string, age: number, content: object = manifest): string {
  const dir = join(cache, "images", name);
  for (const path of ["vmlinux", "initramfs.cpio", "root.erofs"]) write(dir, path, "abc");
  write(dir, "manifest.json", JSON.stringify(content));
  const time = Date.now() / 1000 - age;
  utimesSync(join(dir, "manifest.json"), time, time);
  return dir;
}

test("the newest whole image of the sources as they are is found, with the packages of its own build", (t) => {
  const cache = folder(t);
  const repo = repository(t);
  const current = { ...manifest, recipe: recipeHash(repo, WHAT) };
  assert.equal(findImage(cache, repo), undefined, "no cache yet");
  publish(cache, "00000000000000aa", 300, current);
  const newest = publish(cache, "00000000000000bb", 100, current);
  publish(cache, "00000000000000cc", 200, current);
  publish(cache, "00000000000000dd", 50, manifest);
  publish(cache, ".building-1-abcd", 0, current);
  assert.equal(findImage(cache, repo)?.dir, newest);
  const withGit = publish(cache, "00000000000000ee", 10, {
    ...manifest,
    extraPackages: ["git"],
    recipe: recipeHash(repo, { ...WHAT, extraPackages: ["git"] }),
  });
  assert.equal(findImage(cache, repo)?.dir, withGit);
});

for (const [what, damage] of Object.entries<(dir: string) => void>({
  "a file is cut short": (dir) => truncateSync(join(dir, "root.erofs"), 2),
  "a file is missing": (dir) => rmSync(join(dir, "vmlinux")),
  "the manifest is missing": (dir) => rmSync(join(dir, "manifest.json")),
  "the manifest is cut short": (dir) => truncateSync(join(dir, "manifest.json"), 20),
  "the schema is another": (dir) => write(dir, "manifest.json", JSON.stringify({ ...manifest, schema: 2 })),
}))
  test(`an image is not found when ${what}`, (t) => {
    const cache = folder(t);
    const repo = repository(t);
    damage(publish(cache, "00000000000000aa", 0, { ...manifest, recipe: recipeHash(repo, WHAT) }));
    assert.equal(findImage(cache, repo), undefined);
    assert.equal(imageDirs(cache).length, 1, "but it is listed");
  });
