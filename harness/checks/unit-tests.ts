import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { pathToFileURL } from "node:url";
import { REPOSITORY } from "../../runtime/state/places.ts";

const FOLDERS = ["runtime", "guest", "harness", "suites"];

function testFiles(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: "utf8" }).map((file) =>
      join(REPOSITORY, folder, file),
    ),
  )
    .filter((file) => file.endsWith(".test.ts") && !file.includes("/node_modules/"))
    .sort();
}

/** What became of the tests: how many passed, what the others said, and of how many files they were. */
export interface UnitTests {
  passed: number;
  failures: string[];
  files: number;
}

/** Runs the unit tests beside the files, as many files at a time as there are cores. */
export async function runUnitTests(): Promise<UnitTests> {
  const files = testFiles();
  const found: UnitTests = { passed: 0, failures: [], files: files.length };
  const seen = new Set<string>();
  using groups = makeGroups(files, availableParallelism());
  // The test runner hands this process's `--import tsx` to each group's process.
  for await (const { type, data } of run({ files: groups.files, concurrency: groups.files.length })) {
    if (type === "test:fail") {
      const { error } = data.details;
      const why = String(error.cause instanceof Error ? error.cause.stack : error);
      found.failures.push(`${data.file?.slice(REPOSITORY.length + 1)}: ${data.name}\n${why}`);
    }
    if (type !== "test:pass" || data.details.type === "suite" || data.skip !== undefined) continue;
    found.passed++;
    if (data.file !== undefined) seen.add(data.file);
  }
  const silent = files.filter((file) => !seen.has(file));
  if (found.failures.length === 0 && silent.length > 0)
    found.failures.push(`nothing was tested by ${silent.join(", ")}`);
  return found;
}

/** Modules that import so many files each: to start a process for each file takes longer than its tests. */
function makeGroups(files: readonly string[], count: number): { files: string[] } & Disposable {
  const directory = mkdtempSync(join(tmpdir(), "piwork-unit-tests-"));
  const groups = Array.from({ length: count }, (_, at) => {
    const own = files.filter((_, index) => index % count === at);
    const path = join(directory, `group-${at}.mjs`);
    writeFileSync(path, own.map((file) => `await import(${JSON.stringify(pathToFileURL(file).href)});\n`).join(""));
    return path;
  });
  return { files: groups, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}
