import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Apt, aptComplaints } from "./apt.ts";
import type { Progress } from "./progress.ts";
import { StepError } from "./step-error.ts";
import { ToolFailed } from "./tool.ts";

const A_DAY = 24 * 60 * 60 * 1000;

/** Fetches the sources' package lists when ours are missing or older than a day. The result says whether it tried. */
export async function refreshLists(apt: Apt, progress: Progress, { force = false } = {}): Promise<boolean> {
  if (!force && Date.now() - (await lastRefreshed(apt)) < A_DAY) return false;
  const complaints = await update(apt);
  if (complaints.length === 0) {
    await writeFile(stamp(apt), "");
    return true;
  }
  if (!(await haveLists(apt)))
    throw new StepError(
      `no package lists could be fetched: ${complaints[0]}`,
      "Check the network, and that `apt-get update` works with the sources of this machine (/etc/apt).",
    );
  // A source of a third party may be down for long: what we need may still resolve from the others, or from older lists.
  progress.note(`warning: some package lists could not be refreshed, using what is there (${complaints[0]})`);
  return true;
}

async function update(apt: Apt): Promise<string[]> {
  try {
    return aptComplaints(await apt.get(["update", "-q"])).filter((line) =>
      /fail|ignored|old ones|not signed/i.test(line),
    );
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error;
    if (/No space left/i.test(error.output)) throw error;
    return aptComplaints(error).concat(error.message);
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
