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

/** How long all files of a group may take, and one that is run alone, in milliseconds. */
const LIMITS = { groupMs: 600_000, fileMs: 120_000 };

/** One more than there are cores: some tests only wait. */
const AT_A_TIME = availableParallelism() + 1;

/** Runs the unit tests beside the files. */
export async function runUnitTests(files = testFiles(), { groupMs, fileMs } = LIMITS): Promise<UnitTests> {
  const found: UnitTests = { passed: 0, failures: [], files: files.length };
  const seen = new Set<string>();
  using groups = makeGroups(files, Math.min(AT_A_TIME, files.length));
  const hung = await runFiles([...groups.files.keys()], groupMs, found, seen);
  // A test that waits for ever or a process that it left open: run alone, the file that has it is the one that does not end.
  const again = hung.flatMap((group) => groups.files.get(group) ?? []);
  const guilty = await runFiles(again, fileMs, { ...found, failures: [] }, seen);
  const shown = (paths: string[]) => paths.map((path) => path.slice(REPOSITORY.length + 1)).join(", ");
  if (guilty.length > 0)
    found.failures.push(`did not end in ${fileMs / 1000} s, by a test or by what one left open: ${shown(guilty)}`);
  else if (hung.length > 0)
    found.failures.push(`did not end in ${groupMs / 1000} s together, but each alone: ${shown(again)}`);
  const silent = files.filter((file) => !seen.has(file));
  if (found.failures.length === 0 && silent.length > 0)
    found.failures.push(`nothing was tested by ${silent.join(", ")}`);
  return found;
}

/** Adds to `found` and `seen`. The result are the files that had to be ended after `timeout`. */
async function runFiles(files: string[], timeout: number, found: UnitTests, seen: Set<string>): Promise<string[]> {
  const hung: string[] = [];
  if (files.length === 0) return hung;
  const concurrency = Math.min(AT_A_TIME, files.length);
  // The test runner hands this process's `--import tsx` to each file's process.
  for await (const { type, data } of run({ files, concurrency, timeout })) {
    if (type === "test:fail") {
      const { error } = data.details;
      if (error.failureType === "testTimeoutFailure" && files.includes(data.name)) {
        hung.push(data.name);
        continue;
      }
      const why = String(error.cause instanceof Error ? error.cause.stack : error);
      found.failures.push(`${data.file?.slice(REPOSITORY.length + 1)}: ${data.name}\n${why}`);
    }
    if (type !== "test:pass" || data.details.type === "suite" || data.skip !== undefined) continue;
    found.passed++;
    if (data.file !== undefined) seen.add(data.file);
  }
  return hung;
}

/** Modules that import so many files each, by path: to start a process for each file takes longer than its tests. */
function makeGroups(files: readonly string[], count: number): { files: Map<string, string[]> } & Disposable {
  const directory = mkdtempSync(join(tmpdir(), "piwork-unit-tests-"));
  const groups = new Map<string, string[]>();
  for (let at = 0; at < count; at++) {
    const own = files.filter((_, index) => index % count === at);
    const path = join(directory, `group-${at}.mjs`);
    writeFileSync(path, own.map((file) => `await import(${JSON.stringify(pathToFileURL(file).href)});\n`).join(""));
    groups.set(path, own);
  }
  return { files: groups, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}
