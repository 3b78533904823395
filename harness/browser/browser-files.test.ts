import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync, constants } from "node:zlib";
import { $ } from "zx";
import { REPOSITORY } from "../../runtime/state/places.ts";
import { unpackBrowser } from "./browser-files.ts";

const base = mkdtempSync(join(tmpdir(), "piwork-browser-files-"));
test.after(() => rmSync(base, { recursive: true }));
let made = 0;

/** A package with a small program and a library in it, and a cache to unpack it into. */
async function packaged(program: string | Buffer = "program") {
  const home = join(base, String(++made));
  const [source, cache] = [join(home, "package"), join(home, "cache")];
  mkdirSync(join(source, "lib"), { recursive: true });
  mkdirSync(join(source, "bin"));
  writeFileSync(join(source, "package.json"), JSON.stringify({ version: "1.2.3" }));
  writeFileSync(join(source, "lib/libone.so"), "library");
  await $({ cwd: source, quiet: true })`tar --create --file libraries.tar lib`;
  const archive = (name: string, content: string | Buffer) =>
    writeFileSync(
      join(source, "bin", name),
      brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
    );
  const change = (content: string | Buffer) => archive("chromium.br", content);
  change(program);
  archive("al2023.tar.br", readFileSync(join(source, "libraries.tar")));
  const said: string[] = [];
  const unpack = () => unpackBrowser({ source, cache, say: (words) => said.push(words) });
  const browsers = () => readdirSync(join(cache, "browsers"));
  return {
    source,
    cache,
    unpack,
    change,
    browsers,
    unpacked: () => said.filter((words) => words.endsWith("…")).length,
  };
}

test("a browser is unpacked once, into a place named by its version and content", async () => {
  const here = await packaged();
  const { program, libraries } = await here.unpack();
  assert.equal(readFileSync(program, "utf8"), "program");
  assert.equal(statSync(program).mode & 0o777, 0o700);
  assert.equal(readFileSync(join(libraries, "libone.so"), "utf8"), "library");
  assert.match(program, /browsers\/chromium-1\.2\.3-[0-9a-f]{16}\/chromium$/);
  assert.deepEqual(await here.unpack(), { program, libraries });
  assert.equal(here.unpacked(), 1);
  assert.equal(here.browsers().length, 1);
});

for (const [what, damage] of [
  ["with another byte", (home: string) => writeFileSync(join(home, "chromium"), "progrbm")],
  ["without a library", (home: string) => rmSync(join(home, "lib/libone.so"))],
  ["with half a manifest", (home: string) => writeFileSync(join(home, "files.json"), '{"chromium":')],
  ["with an empty manifest", (home: string) => writeFileSync(join(home, "files.json"), "{}")],
] as const)
  test(`a browser ${what} is unpacked anew`, async () => {
    const here = await packaged();
    const { program, libraries } = await here.unpack();
    damage(dirname(program));
    await here.unpack();
    assert.equal(here.unpacked(), 2);
    assert.equal(readFileSync(program, "utf8"), "program");
    assert.equal(existsSync(join(libraries, "libone.so")), true);
  });

test("other content of the same version goes to another place, and the oldest browsers are removed", async () => {
  const here = await packaged();
  const homes = [dirname((await here.unpack()).program)];
  for (const content of ["second", "third", "fourth"]) {
    here.change(content);
    homes.push(dirname((await here.unpack()).program));
  }
  assert.equal(new Set(homes).size, 4);
  assert.deepEqual(
    homes.map((home) => existsSync(home)),
    [false, true, true, true],
  );
});

test("the browser that is asked for stays, also beside others that were used by a clock ahead of ours", async () => {
  const here = await packaged();
  for (const name of ["one", "two", "three"]) {
    const other = join(here.cache, "browsers", `chromium-${name}`);
    mkdirSync(other, { recursive: true, mode: 0o700 });
    writeFileSync(join(other, "files.json"), "{}");
    utimesSync(join(other, "files.json"), 4e9, 4e9);
  }
  const { program } = await here.unpack();
  assert.equal(existsSync(program), true);
  assert.equal(here.browsers().length, 3);
});

test("a package that is not whole gives no browser", async () => {
  const here = await packaged();
  const archive = join(here.source, "bin/chromium.br");
  writeFileSync(archive, readFileSync(archive).subarray(0, -2));
  await assert.rejects(here.unpack());
  assert.deepEqual(
    here.browsers().filter((name) => !name.startsWith(".")),
    [],
  );
});

test("a directory that others may write to is not used", async () => {
  const here = await packaged();
  mkdirSync(join(here.cache, "browsers"), { recursive: true });
  chmodSync(join(here.cache, "browsers"), 0o777);
  await assert.rejects(here.unpack(), /others may write to it.*XDG_CACHE_HOME/);
  assert.deepEqual(here.browsers(), []);
});

test("processes that are killed while they unpack, and others beside them, leave one whole browser", {
  timeout: 120_000,
}, async () => {
  // large, so that unpacking takes a while
  const content = Buffer.alloc(40_000_000, "0123456789abcdef of a program that is large enough to be killed half way");
  const here = await packaged(content);
  const unpack = `import { unpackBrowser } from ${JSON.stringify(join(REPOSITORY, "harness/browser/browser-files.ts"))};
    const { program } = await unpackBrowser(${JSON.stringify({ source: here.source, cache: here.cache })});
    console.log("is", program);`;
  // The process looks for itself: another one would look too late on a busy machine.
  const killed = `import { readdirSync } from "node:fs";
    const look = () => readdirSync(${JSON.stringify(join(here.cache, "browsers"))}).some((name) => name.startsWith("."));
    setInterval(() => { try { if (look()) process.kill(process.pid, "SIGKILL"); } catch {} }, 1);
    ${unpack}`;
  const start = (script = unpack) =>
    $({ cwd: REPOSITORY, quiet: true, nothrow: true })`node --import tsx --input-type=module --eval ${script}`;
  assert.equal((await start(killed)).signal, "SIGKILL");
  assert.deepEqual(
    here.browsers().map((name) => name.startsWith(".")),
    [true],
    "the first was not killed half way",
  );
  const ended = await Promise.all([start(), start(), start()]);
  assert.deepEqual(
    ended.map(({ exitCode }) => exitCode),
    [0, 0, 0],
    String(ended[0]),
  );
  assert.equal(ended.filter(({ stdout }) => stdout.includes("unpacking")).length, 1);
  const [home] = here.browsers();
  assert.equal(here.browsers().length, 1);
  assert.equal(readFileSync(join(here.cache, "browsers", home ?? "", "chromium")).equals(content), true);
});
