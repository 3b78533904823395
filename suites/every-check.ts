import { canRun } from "../harness/checks/checks.ts";
import { agentChecks } from "./agent.ts";
import type { Known } from "./alone/sample.ts";
import { dumpStateChecks } from "./dump-state.ts";
import { evidenceChecks } from "./evidence.ts";
import { aloneCommand } from "./lifecycle/faults/run.ts";
import { LIFECYCLE } from "./lifecycle/parts.ts";
import { choose } from "./negative/choose.ts";
import { panelChecks } from "./panel.ts";
import { readmeChecks } from "./readme.ts";
import { screenshotChecks } from "./screenshot.ts";
import { tourChecks } from "./tour.ts";

interface Described {
  id: string;
  deadlineMs?: number | undefined;
  needsRoot?: string | undefined;
}

/** A check with a longer deadline than this is too long for a sample. */
const LONG_MS = 240_000;

const of = (suite: string, checks: readonly Described[], command = (id: string) => `test-${suite} ${id}`): Known[] =>
  checks
    .filter((check) => canRun(check))
    .map(({ id, deadlineMs = 0 }) => ({
      id,
      suite,
      command: `npx mise run ${command(id)}`,
      isLong: deadlineMs > LONG_MS,
    }));

const { faults, ...lifecycle } = LIFECYCLE;

/** Every check that this user can run alone. A round of the walk cannot: its seed repeats all of them up to it. */
export function everyCheck(): Known[] {
  return [
    ...of("negative", choose("", true, "vm", "probe"), (id) => `test-negative --isolation vm ${id}`),
    ...of("pi-tools", choose("pi-tools", true, "vm", "pi"), (id) => `test-negative --isolation vm --agent pi ${id}`),
    ...Object.entries(lifecycle).flatMap(([part, { checks }]) => of(part, checks(), (id) => `test-lifecycle ${id}`)),
    ...faults.checks().map(({ id }) => ({ id, suite: "faults", command: aloneCommand(id), isLong: false })),
    ...of("agent", agentChecks()),
    ...of("tour", tourChecks()),
    ...of("readme", readmeChecks()),
    ...of("panel", panelChecks()),
    ...of("dump-state", dumpStateChecks()),
    ...of("screenshot", screenshotChecks()),
    ...of("evidence", evidenceChecks()),
  ];
}
