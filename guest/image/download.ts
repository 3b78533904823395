import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Apt, aptComplaints } from "./apt.ts";
import { type Deb, debPath, debsDir, sha256Of } from "./deb.ts";
import { ifThere } from "./if-there.ts";
import { StaleLists, StepError, saysDiskFull } from "./step-error.ts";
import { ToolFailed } from "./tool.ts";

/** Fetches what is not kept yet. apt checks what it fetches against the signed lists; what was kept is checked again here. */
export async function downloadPackages(apt: Apt, debs: readonly Deb[]): Promise<void> {
  await mkdir(debsDir(apt), { recursive: true });
  const wanted: Deb[] = [];
  for (const deb of debs) if (!(await isWhole(debPath(apt, deb), deb))) wanted.push(deb);
  if (wanted.length === 0) return;

  // apt saves into its working directory; a file appears under its name in `debs` only when it is whole and right.
  const incoming = await mkdtemp(join(apt.dir, ".incoming-"));
  try {
    const failure = await fetch(apt, wanted, incoming);
    for (const deb of wanted) {
      const file = join(incoming, deb.file);
      if (await isWhole(file, deb)) await rename(file, debPath(apt, deb));
      else if (failure === undefined)
        throw new StepError(
          `${deb.file} is not what the package lists promise`,
          "Run it again; if it stays, check the package source.",
        );
    }
    if (failure !== undefined) throw failure;
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

/** What went wrong is a result: what has arrived before is kept all the same. */
async function fetch(apt: Apt, debs: readonly Deb[], into: string): Promise<StepError | undefined> {
  try {
    await apt.run("apt-get", ["download", "-qq", ...debs.map((deb) => `${deb.name}=${deb.version}`)], into);
    return undefined;
  } catch (error) {
    if (!(error instanceof ToolFailed) || saysDiskFull(error.output)) throw error;
    // apt's words for a file that the mirror has replaced, and for a version that the lists no longer name.
    const Failure = /\b404\b|was not found/.test(error.output) ? StaleLists : StepError;
    return new Failure(
      aptComplaints(error.output)[0] ?? error.message,
      "Check the network and the sources of this machine (/etc/apt), then run it again: what has arrived is kept.",
      { cause: error },
    );
  }
}

async function isWhole(path: string, { bytes, sha256 }: Deb): Promise<boolean> {
  return (await ifThere(stat(path)))?.size === bytes && (await sha256Of(path)) === sha256;
}
