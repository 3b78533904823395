import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Apt, aptComplaints } from "./apt.ts";
import type { Deb } from "./resolve.ts";
import { StepError, saysDiskFull } from "./step-error.ts";
import { ToolFailed } from "./tool.ts";

/** Where the file of a package is kept, so that the next build needs no network. */
export const debPath = (apt: Apt, deb: Deb) => join(apt.dir, "debs", deb.file);

/** Fetches what is not kept yet. apt checks what it fetches against the signed lists; what was kept is checked again here. */
export async function downloadPackages(apt: Apt, debs: readonly Deb[]): Promise<void> {
  await mkdir(join(apt.dir, "debs"), { recursive: true });
  const wanted: Deb[] = [];
  for (const deb of debs) if (!(await isKept(apt, deb))) wanted.push(deb);
  if (wanted.length === 0) return;

  // apt saves into its working directory; a file appears under its name in `debs` only when it is whole and right.
  const incoming = await mkdtemp(join(apt.dir, ".incoming-"));
  try {
    await fetch(apt, wanted, incoming);
    for (const deb of wanted) {
      const file = join(incoming, deb.file);
      if ((await sha256Of(file)) !== deb.sha256)
        throw new StepError(
          `${deb.file} is not what the package lists promise`,
          "Run it again; if it stays, check the package source.",
        );
      await rename(file, debPath(apt, deb));
    }
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

async function fetch(apt: Apt, debs: readonly Deb[], into: string): Promise<void> {
  try {
    await apt.get(["download", "-qq", ...debs.map((deb) => `${deb.name}=${deb.version}`)], into);
  } catch (error) {
    if (!(error instanceof ToolFailed) || saysDiskFull(error.output)) throw error;
    const failed = new StepError(
      aptComplaints(error.output)[0] ?? error.message,
      "Check the network and the sources of this machine (/etc/apt), then run it again: what has arrived is kept.",
      { cause: error },
    );
    // apt's words for a file that the mirror has replaced, and for a version that the lists no longer name.
    failed.staleLists = /\b404\b|was not found/.test(error.output);
    throw failed;
  }
}

async function isKept(apt: Apt, deb: Deb): Promise<boolean> {
  const path = debPath(apt, deb);
  try {
    if ((await stat(path)).size !== deb.bytes) return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  return (await sha256Of(path)) === deb.sha256;
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}
