import { canRun } from "../harness/checks/checks.ts";
import { agentChecks } from "./agent.ts";
import type { Known } from "./alone/sample.ts";
import { dumpStateChecks } from "./dump-state.ts";
import { evidenceChecks } from "./evidence.ts";
import { aloneCommand } from "./lifecycle/faults/run.ts";
import { LIFECYCLE, QUICK } from "./lifecycle/parts.ts";
import { choose } from "./negative/choose.ts";
import { panelChecks, SLOW as SLOW_IN_PANEL } from "./panel.ts";
import { readmeChecks } from "./readme.ts";
import { SCENES } from "./scenes/scenes.ts";
import { screenshotChecks } from "./screenshot.ts";
import { tourChecks } from "./tour.ts";

interface Described {
  id: string;
  deadlineMs?: number | undefined;
  needsRoot?: string | undefined;
}

/** A check with a longer deadline than this is too long for a sample. */
const LONG_MS = 240_000;

const all = () => true;
const none = () => false;
/** What `npm test` has no time for in a suite. */
const unless = (slow: ReadonlySet<string>) => (id: string) => !slow.has(id);

const of = (
  suite: string,
  checks: readonly Described[],
  isInTest: (id: string) => boolean,
  command = (id: string) => `test-${suite} ${id}`,
): (Known & Described)[] =>
  checks.map((check) => ({
    id: check.id,
    suite,
    command: `npx mise run ${command(check.id)}`,
    isInTest: isInTest(check.id),
    isLong: (check.deadlineMs ?? 0) > LONG_MS,
    needsRoot: check.needsRoot,
  }));

const { faults, ...lifecycle } = LIFECYCLE;

/** Every check that can be run alone, by this user or by root. A round of the walk cannot: its seed repeats all of them up to it. */
export function everyCheck(isRoot?: boolean): Known[] {
  const scenes = new Set(SCENES.map(({ name }) => `screenshot.${name}`));
  const tried = new Set(choose("", false, "vm", "probe").map(({ id }) => id));
  return [
    ...of(
      "negative",
      choose("", true, "vm", "probe"),
      (id) => tried.has(id),
      (id) => `test-negative --isolation vm ${id}`,
    ),
    ...of(
      "pi-tools",
      choose("pi-tools", true, "vm", "pi"),
      none,
      (id) => `test-negative --isolation vm --agent pi ${id}`,
    ),
    ...Object.entries(lifecycle).flatMap(([part, { checks }]) =>
      of(part, checks(), QUICK, (id) => `test-lifecycle ${id}`),
    ),
    ...faults.checks().map(({ id }) => ({
      id,
      suite: "faults",
      command: aloneCommand(id),
      isInTest: QUICK(id),
      isLong: false,
      needsRoot: undefined,
    })),
    ...of("agent", agentChecks(), none),
    ...of("tour", tourChecks(), all),
    ...of("readme", readmeChecks(), all),
    ...of("panel", panelChecks(), unless(SLOW_IN_PANEL)),
    ...of("dump-state", dumpStateChecks(), all),
    ...of("screenshot", screenshotChecks(), (id) => scenes.has(id)),
    ...of("evidence", evidenceChecks(), all),
  ].filter((check) => canRun(check, isRoot));
}
