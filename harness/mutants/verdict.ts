import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CheckResult, results } from "../../runtime/api/bundle.ts";

/** What a check said of the sources that it ran on. `none`: nothing was asked, because the run never came as far as that. */
export interface Verdict {
  is: "red" | "green" | "none";
  /** why it is red, or why there is none */
  why: string;
}

const checkResult = results.shape.results.element;

/** What the bundles below `runs` have of this check so far; undefined while it is not among them. */
export function verdictOf(id: string, runs: string): Verdict | undefined {
  const found = bundlesIn(runs)
    .flatMap(resultsSoFar)
    .find((result) => result.id === id);
  return found && judge(found);
}

export function judge({ verdict, reason = "", attack }: CheckResult): Verdict {
  const why = reason.trim().slice(0, MOST_WORDS);
  if (verdict === "passed") return { is: "green", why: "" };
  // A target that does not even start, and a control that does not leak, are no walls that were seen to be gone.
  if (attack !== undefined && attack.target?.through !== true)
    return { is: "none", why: `no verdict, since the attack did not get through: ${why}` };
  return { is: "red", why };
}

/** Characters of a reason that are kept. */
const MOST_WORDS = 600;

function bundlesIn(runs: string): string[] {
  return existsSync(runs) ? readdirSync(runs).map((name) => join(runs, name, "results.jsonl")) : [];
}

function resultsSoFar(path: string): CheckResult[] {
  if (!existsSync(path)) return [];
  // The last line may still be being written.
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => checkResult.parse(JSON.parse(line)));
}

/** What TAP, as `node --test` writes it, says of the tests of one file. */
export function verdictOfTests(tap: string, file: string): Verdict {
  const lines = [...tap.matchAll(/^ *(?<not>not )?ok \d+ - (?<name>.*)$/gm)].map(({ groups }) => groups ?? {});
  // Where a file cannot be loaded, it is itself the test that fails.
  const tests = lines.filter(({ name = "" }) => !name.replace(/ # .*$/, "").endsWith(file));
  const failed = tests.filter(({ not }) => not !== undefined).map(({ name }) => name);
  if (failed.length > 0) return { is: "red", why: failed.join("; ").slice(0, MOST_WORDS) };
  if (tests.length === 0 || lines.length > tests.length) return { is: "none", why: `the tests of ${file} did not run` };
  return { is: "green", why: "" };
}
