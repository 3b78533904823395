import { stat } from "node:fs/promises";
import { join } from "node:path";
import { build, stop } from "esbuild";
import { StepError } from "./step-error.ts";

/** The programs of ours that run in the guest, as one file each below /usr/lib/piwork. */
const BUNDLES = [
  { entry: "guest/taskd/main.ts", output: "usr/lib/piwork/taskd.mjs", format: "esm" },
  { entry: "guest/probe/main.ts", output: "usr/lib/piwork/probe.mjs", format: "esm" },
  // The quick way to load something ahead of a program.
  { entry: "guest/warm/fresh-random.ts", output: "usr/lib/piwork/fresh-random.cjs", format: "cjs" },
] as const;

export async function makeBundles(repo: string, root: string, nodeVersion: string): Promise<void> {
  try {
    for (const { entry, output, format } of BUNDLES) {
      if (!(await stat(join(repo, entry)).catch(() => undefined)))
        throw new StepError(`${entry} does not exist`, "The checkout is not complete: restore that file.");
      await bundle(repo, entry, format, join(root, output), `node${nodeVersion.split(".")[0]}`);
    }
  } finally {
    // esbuild keeps a process for the next call, which would keep ours from ending.
    await stop();
  }
}

async function bundle(
  repo: string,
  entry: string,
  format: "esm" | "cjs",
  outfile: string,
  target: string,
): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    // Paths in what esbuild writes are relative to this, so the checkout's place does not show.
    absWorkingDir: repo,
    bundle: true,
    platform: "node",
    format,
    target,
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "silent",
  }).catch((error: Error) => {
    throw new StepError(`${entry} could not be bundled: ${error.message}`, "Fix it: `mise run check` says more.", {
      cause: error,
    });
  });
}
