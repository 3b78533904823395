import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { REPOSITORY } from "../runtime/places.ts";
import type { Tally } from "./checks.ts";

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

/** Runs the unit tests beside the files, prints what failed, and counts. */
export async function runUnitTests(): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0 };
  const files = testFiles();
  // The test runner hands this process's `--import tsx` to each file's process.
  for await (const { type, data } of run({ files, concurrency: true })) {
    if (type === "test:fail") {
      tally.failed++;
      const { error } = data.details;
      console.log(
        `FAILED  ${data.file?.slice(REPOSITORY.length + 1)}: ${data.name}\n${String(error.cause instanceof Error ? error.cause.stack : error).replace(/^/gm, "        ")}`,
      );
    }
    if (type === "test:pass" && data.details.type !== "suite" && data.skip === undefined) tally.passed++;
  }
  console.log(`unit tests: ${tally.passed} passed, ${tally.failed} failed in ${files.length} files`);
  return tally;
}
