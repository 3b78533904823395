import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type EvidenceRun, runSummary } from "../api/evidence.ts";
import { openBeneath } from "../linux/open-beneath.ts";
import { openRegularFile } from "../linux/open-regular.ts";
import { LIMITS } from "../protocol/limits.ts";

/** A run is called by when it began, to the millisecond, and its suite. */
const RUN_NAME = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z-([a-z0-9-]{1,64})$/;
const REPORT = "report.html";

/** The last runs of suites that left their evidence in a directory of logs, the newest first. */
export function listRuns(logs: string): EvidenceRun[] {
  const directory = join(logs, "runs");
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => RUN_NAME.test(name))
    .sort()
    .reverse()
    .slice(0, LIMITS.listedRuns)
    .map((name) => describeRun(directory, name));
}

function describeRun(directory: string, name: string): EvidenceRun {
  const [, day, hours, minutes, seconds, milliseconds, suite = ""] = RUN_NAME.exec(name) ?? [];
  return {
    name,
    suite,
    startedAt: `${day}T${hours}:${minutes}:${seconds}.${milliseconds}Z`,
    checks: readChecks(directory, name),
    report: hasReport(directory, name) ? `/runs/${name}/${REPORT}` : null,
  };
}

function hasReport(directory: string, run: string): boolean {
  try {
    using place = openBeneath(directory, [run]);
    using file = openRegularFile(place, REPORT);
    return file !== undefined;
  } catch {
    return false;
  }
}

function readChecks(directory: string, name: string): EvidenceRun["checks"] {
  try {
    const { passed, failed } = runSummary.parse(
      JSON.parse(readFileOf(directory, name, "results.json")?.toString("utf8") ?? ""),
    );
    return { passed, failed };
  } catch {
    return null; // it still runs, or was ended
  }
}

/** The report of a run; undefined where there is none. */
export function readReport(logs: string, name: string): Buffer | undefined {
  return RUN_NAME.test(name) ? readFileOf(join(logs, "runs"), name, REPORT) : undefined;
}

/** Evidence may hold what a task wrote: nothing in it is followed. */
function readFileOf(directory: string, run: string, name: string): Buffer | undefined {
  try {
    using place = openBeneath(directory, [run]);
    using file = openRegularFile(place, name);
    return file?.readAtMost(LIMITS.evidenceBytes);
  } catch {
    return undefined;
  }
}
