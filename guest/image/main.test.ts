import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { execa } from "execa";

const run = (...args: string[]) =>
  execa(process.execPath, ["--import", "tsx", join(import.meta.dirname, "main.ts"), ...args], { reject: false });

function cache(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "piwork-cache-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

test("help is on stdout and worked, wrong usage is on stderr and 2", async () => {
  const help = await run("--help");
  assert.equal(help.exitCode, 0);
  assert.match(help.stdout, /^Usage: piwork image /);
  const wrong = await run("build", "--packages", "git,-y");
  assert.deepEqual([wrong.exitCode, wrong.stdout], [2, ""]);
  assert.match(wrong.stderr, /"-y" is not the name of a Debian package/);
});

test("info and clean say that there is nothing", async (t) => {
  const dir = cache(t);
  const info = await run("info", "--json", "--cache", dir);
  assert.deepEqual(JSON.parse(info.stdout), {
    cache: dir,
    current: null,
    images: [],
    downloads: { apt: 0, npm: 0, kernels: 0 },
  });
  const clean = await run("clean", "--cache", dir);
  assert.deepEqual([clean.exitCode, clean.stdout], [0, "Nothing to remove."]);
});

test("a cache that cannot be made fails with the step and with advice", async () => {
  const failed = await run("build", "--cache", "/dev/null/cache");
  assert.deepEqual([failed.exitCode, failed.stdout], [1, ""]);
  assert.match(failed.stderr, /^piwork image: could not prepare the cache: .*\n.*--cache/);
});
