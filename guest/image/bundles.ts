import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build, stop } from "esbuild";
import * as z from "zod";
import { diskUse } from "./disk-use.ts";
import { piParts } from "./pi-parts.ts";
import { StepError } from "./step-error.ts";
import { withoutDescriptions } from "./without-descriptions.ts";

const PROBE = { entry: "guest/probe/main.ts", output: "usr/lib/piwork/probe.mjs", format: "esm" } as const;

/** The programs of ours that run in the guest, as one file each below /usr/lib/piwork. */
const BUNDLES = [
  { entry: "guest/taskd/main.ts", output: "usr/lib/piwork/taskd.mjs", format: "esm" },
  PROBE,
  // The quick way to load something ahead of a program.
  { entry: "guest/warm/fresh-random.ts", output: "usr/lib/piwork/fresh-random.cjs", format: "cjs" },
] as const;

/** pi comes in several files: those of a model's interface are loaded when a task uses it. */
const PI = { entry: "guest/pi/main.ts", directory: "usr/lib/piwork/pi" };

/** Where each program begins. */
export const PROGRAMS = [...BUNDLES.map(({ entry }) => entry), PI.entry];

const PI_PACKAGE = "@mariozechner/pi-coding-agent/package.json";

/** The agent as it is in an image. */
export interface GuestPi {
  version: string;
  /** of all its files */
  bytes: number;
}

/** The probe alone, for processes of the host. */
export async function bundleProbe(repo: string, outfile: string): Promise<void> {
  await bundle(repo, PROBE.entry, { outfile, format: PROBE.format }).finally(stop);
}

/** Makes them; `modules` is where the guest's packages from npm are. Tells what became of pi. */
export async function makeBundles(repo: string, root: string, modules: string, nodeVersion: string): Promise<GuestPi> {
  const target = `node${nodeVersion.split(".")[0]}`;
  try {
    for (const { entry, output, format } of BUNDLES)
      await bundle(repo, entry, { outfile: join(root, output), format, target });
    return await bundlePi(repo, root, modules, target);
  } finally {
    // esbuild keeps a process for the next call, which would keep ours from ending.
    await stop();
  }
}

async function bundlePi(repo: string, root: string, modules: string, target: string): Promise<GuestPi> {
  const outdir = join(root, PI.directory);
  await bundle(repo, PI.entry, {
    outdir,
    target,
    format: "esm",
    splitting: true,
    chunkNames: "[name]-[hash]",
    outExtension: { ".js": ".mjs" },
    entryNames: "pi",
    // It would make pictures smaller; pi does without where it is not there.
    external: ["@silvia-odwyer/photon-node"],
    // Some packages of pi are of the older kind.
    banner: {
      js: 'import{createRequire as piworkRequire}from"node:module";const require=piworkRequire(import.meta.url);',
    },
    plugins: [piParts(repo, modules)],
    // Of pi's parts, esbuild writes the paths.
    absWorkingDir: modules,
  });
  const { name, version, piConfig } = z
    .object({ name: z.string(), version: z.string(), piConfig: z.unknown() })
    .parse(JSON.parse(await readFile(join(modules, PI_PACKAGE), "utf8")));
  await writeFile(join(outdir, "package.json"), `${JSON.stringify({ name, version, piConfig, type: "module" })}\n`);
  return { version, bytes: await diskUse(outdir) };
}

async function bundle(repo: string, entry: string, { plugins = [], ...how }: BuildOptions): Promise<void> {
  if (!(await stat(join(repo, entry)).catch(() => undefined)))
    throw new StepError(`${entry} does not exist`, "The checkout is not complete: restore that file.");
  await build({
    entryPoints: [join(repo, entry)],
    // Paths in what esbuild writes are relative to this, so the checkout's place does not show.
    absWorkingDir: repo,
    bundle: true,
    platform: "node",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "silent",
    plugins: [...plugins, withoutDescriptions],
    ...how,
  }).catch((error: unknown) => {
    throw notBundled(entry, error);
  });
}

export const notBundled = (what: string, cause: unknown) =>
  new StepError(`${what} could not be bundled: ${(cause as Error).message}`, "Fix it: `mise run check` says more.", {
    cause,
  });
