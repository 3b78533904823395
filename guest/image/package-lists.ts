import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Apt, aptComplaints } from "./apt.ts";
import { lacksKeys, SUITE } from "./debian-mirrors.ts";
import { ifThere } from "./if-there.ts";
import type { BuildProgress } from "./progress.ts";
import { StepError, saysDiskFull } from "./step-error.ts";
import { ToolFailed } from "./tool.ts";

const A_DAY = 24 * 60 * 60 * 1000;

/**
 * Complaints about what a mirror sent, as opposed to no answer: in the words of gpgv, and of sqv, which apt 3 asks. A third party's
 * suite of the same name fails by its key alone.
 */
const FORGED = new RegExp(
  `BADSIG|EXPKEYSIG|EXPSIG|REVKEYSIG|is expired|not valid yet|signature verification failed(?!.*missing key)|${SUITE}-security.*(NO_PUBKEY|missing key)`,
  "i",
);

/** Fetches the sources' package lists when ours are missing or older than a day. The result says whether it tried. */
export async function refreshLists(apt: Apt, progress: BuildProgress, { force = false } = {}): Promise<boolean> {
  if (!force && Date.now() - (await lastRefreshed(apt)) < A_DAY) return false;
  const complaints = await update(apt);
  const forged = complaints.find((line) => FORGED.test(line));
  if (forged !== undefined)
    throw new StepError(
      forged,
      "Debian does not sign this today: the mirror is outdated, or someone changes what it sends. Check the clock of this machine, or use another mirror.",
    );
  if (!(await haveLists(apt))) {
    if (complaints.some((line) => /NO_PUBKEY|missing key/i.test(line))) throw lacksKeys();
    throw new StepError(
      complaints[0] ?? "apt-get update brought no package lists",
      "Check the network, and that `apt-get update` works with the sources of this machine (/etc/apt).",
    );
  }
  // One mirror of several may be down: what we need may still resolve from the others, or from older lists.
  for (const complaint of complaints)
    progress.note(`warning: some package lists could not be refreshed, using what is there (${complaint})`);
  if (!apt.hasSecurity)
    progress.note("warning: no source in /etc/apt has Debian's security updates, so the guest gets none");
  // Without one of the suites, the next build tries again.
  if (complaints.length === 0) await writeFile(stamp(apt), apt.sources);
  return true;
}

/** Runs `apt-get update`. The result is apt's complaints. */
async function update(apt: Apt): Promise<string[]> {
  try {
    const { stderr } = await apt.run("apt-get", ["update", "-q"]);
    // Unreachable sources are only warnings to apt, as are matters of style in a source's description.
    return aptComplaints(stderr).filter((line) => /fail|ignored|old ones|not signed|GPG error|expired/i.test(line));
  } catch (error) {
    if (!(error instanceof ToolFailed) || saysDiskFull(error.output)) throw error;
    const complaints = aptComplaints(error.output);
    return complaints.length > 0 ? complaints : [error.message];
  }
}

const stamp = (apt: Apt) => join(apt.dir, "state/lists-refreshed");

async function lastRefreshed(apt: Apt): Promise<number> {
  // Lists of other sources say nothing about today's.
  if (!(await haveLists(apt)) || (await ifThere(readFile(stamp(apt), "utf8"))) !== apt.sources) return 0;
  return (await stat(stamp(apt))).mtimeMs;
}

const haveLists = async (apt: Apt) =>
  (await readdir(join(apt.dir, "state/lists"))).some((name) =>
    name.includes(`_dists_${SUITE}_main_binary-amd64_Packages`),
  );
