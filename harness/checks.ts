import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { REPOSITORY } from "../runtime/places.ts";
import { toJunit } from "./junit.ts";

/** A check that takes this long hangs; on a loaded machine the slowest takes a fifth of it. */
const CHECK_DEADLINE_MS = 180_000;

/** A "no" with what was seen. */
export class Failed extends Error {
  readonly evidence: object;

  constructor(message: string, evidence: object) {
    super(message);
    this.evidence = evidence;
  }
}

/** One question with one answer. Throwing is the answer "no"; the sentence says what was seen. */
export interface Check {
  /** stands for the question in results and filters: `area.what-is-asked` */
  id: string;
  /** what must be true, as a sentence */
  claim: string;
  /** time after which it counts as hanging, in milliseconds */
  deadlineMs?: number;
  /** what it resolves with is kept beside the verdict */
  run(): Promise<object | undefined> | Promise<void> | void;
}

export interface Result {
  id: string;
  claim: string;
  verdict: "passed" | "failed";
  milliseconds: number;
  /** why it failed */
  reason?: string;
  /** what was seen */
  evidence?: object;
}

export interface Tally {
  passed: number;
  failed: number;
}

/** The evidence of one run: a directory below tmp/dev/runs that is written as the run goes. */
export class Run {
  readonly directory: string;
  readonly suite: string;
  readonly results: Result[] = [];

  readonly #repeat: ((id: string) => string) | undefined;

  /** `repeat` gives the command that runs one check alone. */
  constructor(suite: string, repeat?: (id: string) => string) {
    this.suite = suite;
    this.#repeat = repeat;
    const time = new Date().toISOString().replace(/[:.]/g, "-");
    this.directory = join(REPOSITORY, "tmp/dev/runs", `${time}-${suite}`);
    mkdirSync(this.directory, { recursive: true });
  }

  /** Runs the checks one after the other; a check that throws fails, and the others go on. */
  async perform(checks: readonly Check[]): Promise<void> {
    for (const check of checks) {
      const started = performance.now();
      let reason: string | undefined;
      let evidence: object | undefined;
      try {
        evidence = (await withDeadline(check.run(), check.deadlineMs ?? CHECK_DEADLINE_MS)) ?? undefined;
      } catch (error) {
        if (error instanceof Failed) ({ evidence, message: reason } = error);
        else reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      }
      const milliseconds = Math.round(performance.now() - started);
      const { id, claim } = check;
      this.#record({
        ...{ id, claim, verdict: reason === undefined ? "passed" : "failed", milliseconds },
        ...(reason === undefined ? {} : { reason }),
        ...(evidence === undefined ? {} : { evidence }),
      });
    }
  }

  #record(result: Result): void {
    this.results.push(result);
    appendFileSync(join(this.directory, "results.jsonl"), `${JSON.stringify(result)}\n`);
    const seconds = `${(result.milliseconds / 1000).toFixed(1)} s`;
    console.log(`${result.verdict === "passed" ? "ok    " : "FAILED"}  ${result.id}  ${result.claim}  (${seconds})`);
    if (result.reason === undefined) return;
    console.log(result.reason.replace(/^/gm, "        "));
    if (this.#repeat !== undefined) console.log(`        alone: ${this.#repeat(result.id)}`);
  }

  /** Closes the run. Fewer checks than were expected is a failure of its own. */
  finish(expected: readonly string[]): Tally {
    const executed = new Set(this.results.map(({ id }) => id));
    const missing = expected.filter((id) => !executed.has(id));
    for (const id of missing) {
      this.#record({
        id,
        claim: "this check was to run",
        verdict: "failed",
        milliseconds: 0,
        reason: "it did not run",
      });
    }
    const failed = this.results.filter(({ verdict }) => verdict === "failed").length;
    const tally = { passed: this.results.length - failed, failed };
    const summary = { schema: 1, suite: this.suite, expected, ...tally, results: this.results };
    writeFileSync(join(this.directory, "results.json"), `${JSON.stringify(summary, null, 2)}\n`);
    writeFileSync(join(this.directory, "junit.xml"), toJunit(this.suite, this.results));
    console.log(`\nevidence: ${relative(REPOSITORY, this.directory)}`);
    return tally;
  }
}

/** A check that hangs must not keep the others from running. */
export async function withDeadline<T>(work: T, deadlineMs: number): Promise<Awaited<T>> {
  const over = new AbortController();
  const overdue: Promise<never> = delay(deadlineMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`no answer after ${deadlineMs / 1000} s`);
  });
  overdue.catch(() => {}); // aborted, or thrown by the race
  return Promise.race([work, overdue]).finally(() => over.abort());
}

/** The last line of every suite, and its end: a check that hangs must not keep it from ending. */
export function conclude({ passed, failed }: Tally): never {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}

export function addTallies(tallies: readonly Tally[]): Tally {
  const sum = (of: keyof Tally) => tallies.reduce((total, tally) => total + tally[of], 0);
  return { passed: sum("passed"), failed: sum("failed") };
}
