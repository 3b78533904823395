import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type EvidenceRun, runSummary } from "../api/evidence.ts";
import { openBeneath } from "../linux/open-beneath.ts";
import { openRegularFile, type RegularFile } from "../linux/open-regular.ts";
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
    report: inRun(directory, name, REPORT, () => true) ? `/runs/${name}/${REPORT}` : null,
  };
}

function readChecks(directory: string, name: string): EvidenceRun["checks"] {
  try {
    const { passed, failed } = runSummary.parse(JSON.parse(`${inRun(directory, name, "results.json", wholeOf)}`));
    return { passed, failed };
  } catch {
    return null; // it still runs, or was ended
  }
}

/** The report of a run; undefined where there is none. */
export function readReport(logs: string, name: string): Buffer | undefined {
  return RUN_NAME.test(name) ? inRun(join(logs, "runs"), name, REPORT, wholeOf) : undefined;
}

const wholeOf = (file: RegularFile) => file.readAtMost(LIMITS.evidenceBytes);

/** Evidence may hold what a task wrote: nothing in it is followed. */
function inRun<T>(directory: string, run: string, name: string, use: (file: RegularFile) => T): T | undefined {
  try {
    using place = openBeneath(directory, [run]);
    using file = openRegularFile(place, name);
    return file && use(file);
  } catch {
    return undefined;
  }
}
