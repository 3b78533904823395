import { $ } from "zx";
import { conclude, type Tally } from "../harness/checks.ts";
import { runUnitTests } from "../harness/unit-tests.ts";
import { REPOSITORY } from "../runtime/places.ts";

/** Everything that can be said about the sources without a machine. */
const TOOLS: [question: string, command: string[]][] = [
  ["types", ["tsc"]],
  ["format and lint", ["biome", "check", "--error-on-warnings", "--max-diagnostics=50", "."]],
  ["dead code", ["knip"]],
];

export async function check(): Promise<Tally> {
  const tools = await Promise.all(TOOLS.map(([question, command]) => runTool(question, command)));
  const units = await runUnitTests();
  const failed = tools.filter((worked) => !worked).length;
  return { passed: units.passed + tools.length - failed, failed: units.failed + failed };
}

async function runTool(question: string, command: string[]): Promise<boolean> {
  const started = performance.now();
  const { exitCode, stdall } = await $({ cwd: REPOSITORY, nothrow: true, quiet: true, preferLocal: true })`${command}`;
  console.log(
    `${exitCode === 0 ? "ok    " : "FAILED"}  ${question}  (${((performance.now() - started) / 1000).toFixed(1)} s)`,
  );
  if (exitCode !== 0) console.log(stdall.replace(/^/gm, "        "));
  return exitCode === 0;
}

if (import.meta.filename === process.argv[1]) conclude(await check());
