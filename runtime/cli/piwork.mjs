#!/usr/bin/env node
// The sources are TypeScript. Compiling them at each start costs a second, so they are bundled once for each state of
// the sources; the bundle is found by their names, sizes and times.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const RUNTIME = dirname(dirname(fileURLToPath(import.meta.url)));
const BUNDLES = join(RUNTIME, "../node_modules/.cache/piwork");

// Set-up leaves this behind once the packages are whole.
if (!existsSync(join(RUNTIME, "../node_modules/.piwork-lock"))) {
  process.stderr.write("piwork: this checkout is not set up yet; 'npm start' or 'npm run setup' does it.\n");
  process.exit(1);
}

function fingerprint() {
  const hash = createHash("sha256");
  const files = readdirSync(RUNTIME, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of [
    ...files.map((entry) => join(entry.parentPath, entry.name)),
    join(RUNTIME, "../package-lock.json"),
  ]) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\0`);
  }
  return hash.digest("hex").slice(0, 16);
}

async function bundle(target) {
  const { build } = await import("esbuild");
  const draft = `${target}.${process.pid}`;
  mkdirSync(BUNDLES, { recursive: true });
  await build({
    entryPoints: [join(RUNTIME, "cli/main.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outfile: draft,
    sourcemap: "inline",
    sourcesContent: false,
    logLevel: "error",
    // It builds the panel's page, by a program beside its own files.
    external: ["esbuild"],
    // Where the repository is must not depend on where the bundle is.
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(RUNTIME, "state/places.ts")).href) },
    // Packages in the older module format ask for what Node gives them there.
    banner: {
      js: 'import { createRequire as _createRequire } from "node:module"; const require = _createRequire(import.meta.url);',
    },
  });
  for (const old of readdirSync(BUNDLES))
    if (/^cli-[0-9a-f]{16}\.mjs$/.test(old)) rmSync(join(BUNDLES, old), { force: true });
  renameSync(draft, target);
}

const target = join(BUNDLES, `cli-${fingerprint()}.mjs`);
if (!existsSync(target)) await bundle(target);
process.setSourceMapsEnabled(true);
const { runPiwork } = await import(pathToFileURL(target).href);
await runPiwork(process.argv.slice(2));
