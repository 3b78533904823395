import { $ } from "zx";
import { type Check, conclude, Failed, Run, type Tally } from "../harness/checks/checks.ts";
import { runUnitTests } from "../harness/checks/unit-tests.ts";
import { findWrongReferences } from "../harness/rooms/check.ts";
import { REPOSITORY } from "../runtime/state/places.ts";

/** What can be said about the sources without running them. */
const TOOLS: [id: string, claim: string, command: string[]][] = [
  ["sources.types", "types are right", ["tsc"]],
  ["sources.style", "format and lint", ["biome", "check", "--error-on-warnings", "--max-diagnostics=50", "."]],
  ["sources.dead-code", "no dead code", ["knip"]],
];

/** Everything that can be said about the sources without a machine. */
export async function check(): Promise<Tally> {
  const run = new Run("check", { command: "npx mise run check" });
  // At the same time: each takes one core for a while.
  const tools = TOOLS.map(([id, claim, command]): Check => {
    const running = runTool(command);
    running.catch(() => {}); // thrown where it is awaited
    return { id, claim, deadlineMs: TOOL_DEADLINE_MS, run: () => running };
  });
  const rooms: Check = {
    id: "sources.rooms",
    claim: "files import, and lead to, what docs/layout.md allows",
    deadlineMs: TOOL_DEADLINE_MS,
    async run() {
      const wrong = findWrongReferences(REPOSITORY);
      if (wrong.length > 0) throw new Failed(wrong.join("\n"), { wrong: wrong.length });
    },
  };
  const units: Check = {
    id: "sources.unit-tests",
    claim: "the unit tests beside the files pass",
    deadlineMs: TOOL_DEADLINE_MS,
    async run() {
      const { passed, failures, files } = await runUnitTests();
      const evidence = { passed, failed: failures.length, files };
      if (failures.length > 0) throw new Failed(failures.join("\n"), evidence);
      return evidence;
    },
  };
  const checks = [...tools, rooms, units];
  run.expect(checks);
  await run.perform(checks);
  return run.finish();
}

/** On a machine that others keep busy: alone, a minute. */
const TOOL_DEADLINE_MS = 3_600_000;

async function runTool(command: string[]): Promise<void> {
  const { exitCode, stdall } = await $({ cwd: REPOSITORY, nothrow: true, quiet: true, preferLocal: true })`${command}`;
  if (exitCode !== 0) throw new Failed(stdall, { exitCode });
}

if (import.meta.filename === process.argv[1]) conclude(await check());
