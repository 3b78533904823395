import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Apt, aptComplaints } from "./apt.ts";
import type { Progress } from "./progress.ts";
import { StepError, saysDiskFull } from "./step-error.ts";
import { ToolFailed } from "./tool.ts";

const A_DAY = 24 * 60 * 60 * 1000;

/** Fetches the sources' package lists when ours are missing or older than a day. The result says whether it tried. */
export async function refreshLists(apt: Apt, progress: Progress, { force = false } = {}): Promise<boolean> {
  if (!force && Date.now() - (await lastRefreshed(apt)) < A_DAY) return false;
  const { complaints, reached } = await update(apt);
  if (!(await haveLists(apt)))
    throw new StepError(
      complaints[0] ?? "apt-get update brought no package lists",
      "Check the network, and that `apt-get update` works with the sources of this machine (/etc/apt).",
    );
  // A source of a third party may be down for long: what we need may still resolve from the others, or from older lists.
  if (complaints[0] !== undefined)
    progress.note(`warning: some package lists could not be refreshed, using what is there (${complaints[0]})`);
  if (reached) await writeFile(stamp(apt), "");
  return true;
}

/** `reached` says whether at least one source answered. */
async function update(apt: Apt): Promise<{ complaints: string[]; reached: boolean }> {
  const judge = (output: string, complaints: string[]) => ({ complaints, reached: /^(Hit|Get):/m.test(output) });
  try {
    const { stdout, stderr } = await apt.get(["update", "-q"]);
    // Unreachable sources are only warnings to apt, as are matters of style in a source's description.
    const complaints = aptComplaints(stderr).filter((line) => /fail|ignored|old ones|not signed/i.test(line));
    return judge(stdout, complaints);
  } catch (error) {
    if (!(error instanceof ToolFailed) || saysDiskFull(error.output)) throw error;
    return judge(error.output, [...aptComplaints(error.output), error.message]);
  }
}

const stamp = (apt: Apt) => join(apt.dir, "state/lists-refreshed");

async function lastRefreshed(apt: Apt): Promise<number> {
  if (!(await haveLists(apt))) return 0;
  const found = await stat(stamp(apt)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return found?.mtimeMs ?? 0;
}

const haveLists = async (apt: Apt) =>
  (await readdir(join(apt.dir, "state/lists"))).some((name) => name.includes("_Packages"));
