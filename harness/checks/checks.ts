import "./clean-environment.ts"; // before what others read from it
import "../host/startup-files.ts";
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { BUNDLE_FILES, type BundledSight, type CheckResult, type Results } from "../../runtime/api/bundle.ts";
import { plain } from "../../runtime/cli/attach.ts";
import type { Client } from "../../runtime/control/client.ts";
import { takeDump } from "../../runtime/dump/take.ts";
import { redactTexts } from "../../runtime/log/redaction.ts";
import { findPlaces, REPOSITORY } from "../../runtime/state/places.ts";
import { factsBelow, lookAround, lookAtSources } from "../evidence/environment.ts";
import { Excerpts } from "../evidence/excerpts.ts";
import { keepFactsOf } from "../evidence/facts.ts";
import { type ReportPart, renderReport } from "../evidence/report/page.ts";
import { type Claims, openBundle, redactFiles, sealBundle } from "../evidence/seal.ts";
import { atExit } from "../host/at-exit.ts";
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
export interface Check<F = void> {
  /** stands for the question in results and filters: `area.what-is-asked` */
  id: string;
  /** what must be true, as a sentence */
  claim: string;
  /** time after which it counts as hanging, in milliseconds */
  deadlineMs?: number;
  /** why it takes root on this host; for an ordinary user it is skipped, with this reason, and counted apart */
  needsRoot?: string | undefined;
  /** ids of earlier checks whose traces this one needs: a run of this one alone runs them before it */
  standsOn?: readonly string[] | undefined;
  /** in every run of a suite; without it, only in its runs of everything, where the suite has both */
  essential?: true | undefined;
  /** it is an attack: this is tried, and what it resolves with says what was seen of it on `target` and `control` */
  attack?: { tried: string; oracle: string; dead?: string | undefined };
  /** what it resolves with is kept beside the verdict */
  run(fixtures: F): Promise<object | undefined> | Promise<void> | void;
}

export interface Tally {
  passed: number;
  failed: number;
  skipped?: number;
}

/** Whether this user can run a check. */
export function canRun({ needsRoot }: Pick<Check, "needsRoot">, isRoot = process.getuid?.() === 0): boolean {
  return needsRoot === undefined || isRoot;
}

export interface RunOptions {
  /** does the same again */
  command: string;
  /** the command that runs one check alone */
  repeat?: (id: string) => string;
  /** where runs are kept, whose key signs them, and where their lines go; not the usual ones for a run that is itself tried */
  runs?: string;
  state?: string;
  say?: (words: string) => void;
  /** as if root ran it, or did not */
  isRoot?: boolean;
}

/** Bundles that this process has begun, in that order. */
export const BUNDLES: string[] = [];

/** The evidence of one run: a directory below tmp/dev/runs that is written as the run goes, and sealed at its end. */
export class Run {
  readonly directory: string;
  readonly results: CheckResult[] = [];
  /** what the suite has to show beside its checks, as of now */
  report: (() => ReportPart) | undefined;

  readonly #options: RunOptions;
  readonly #claims: Omit<Claims, "executed" | "passed" | "failed" | "expected" | "attacks" | "finishedAt">;
  readonly #expected = new Set<string>();
  readonly #skipped: Results["skipped"] & object = [];
  readonly #attacks = new Set<string>();
  readonly #excerpts: Excerpts;
  readonly #environment = lookAround();
  readonly #forget: () => void;

  constructor(suite: string, options: RunOptions) {
    // Said by a runtime too, but only by the first that a suite starts.
    if (!existsSync(join(REPOSITORY, "node_modules/.piwork-lock")))
      throw new Error("this checkout is not set up yet; 'npm start' or 'npm run setup' does it");
    this.#options = options;
    const startedAt = new Date().toISOString();
    const name = `${startedAt.replace(/[:.]/g, "-")}-${suite}`;
    this.directory = join(options.runs ?? join(REPOSITORY, "tmp/dev/runs"), name);
    mkdirSync(this.directory, { recursive: true });
    if (options.runs === undefined) BUNDLES.push(this.directory);
    this.#claims = { run: name, suite, ...lookAtSources(), command: withChoices(options.command), startedAt };
    this.#excerpts = new Excerpts(this.directory);
    this.#writeEnvironment();
    openBundle(this.directory, this.#claimsAt(null));
    // A report of what was seen, that says it is not all. Whoever is killed leaves the open manifest and results.jsonl.
    this.#forget = atExit(() => this.writeReport());
  }

  get suite(): string {
    return this.#claims.suite;
  }

  /** Says which checks are to run, before they do: one that does not has failed. */
  expect(checks: readonly Pick<Check, "id" | "attack" | "needsRoot">[]): void {
    for (const { id, attack } of checks.filter((check) => canRun(check, this.#options.isRoot))) {
      this.#expected.add(id);
      if (attack !== undefined) this.#attacks.add(id);
    }
    openBundle(this.directory, this.#claimsAt(null));
  }

  /** Runs the checks one after the other; a check that throws fails, and the others go on. */
  perform(checks: readonly Check[]): Promise<void>;
  perform<F>(checks: readonly Check<F>[], fixtures: F): Promise<void>;
  async perform(checks: readonly Check<unknown>[], fixtures?: unknown): Promise<void> {
    for (const check of checks) {
      if (!canRun(check, this.#options.isRoot)) {
        this.#skip(check);
        continue;
      }
      const marks = this.#excerpts.mark();
      const started = performance.now();
      let reason: string | undefined;
      let seen: object | undefined;
      try {
        seen = (await withDeadline(check.run(fixtures), check.deadlineMs ?? CHECK_DEADLINE_MS)) ?? undefined;
      } catch (error) {
        if (error instanceof Failed) ({ evidence: seen, message: reason } = error);
        else reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      }
      const milliseconds = Math.round(performance.now() - started);
      const { id, claim } = check;
      this.#record({
        id,
        claim,
        verdict: reason === undefined ? "passed" : "failed",
        milliseconds,
        ...(reason === undefined ? {} : { reason }),
        ...split(check, seen),
        ...(reason === undefined ? {} : { logs: this.#excerpts.since(marks) }),
      });
    }
  }

  /** Keeps what a runtime says of itself at the beginning or at the end; one that cannot answer any more says so. */
  async keepState(when: "before" | "after", client: Client): Promise<void> {
    try {
      const { state } = await client.call("status", {});
      this.#write(`state.${when}.json`, await takeDump(findPlaces({ state })));
      await keepFactsOf(client);
    } catch (error) {
      this.#write(`state.${when}.json`, { failure: String(error) });
    }
  }

  /** The page as of now. */
  writeReport(finishedAt: string | null = null): void {
    const { directory, results } = this;
    const environment = { ...this.#environment, runtimes: factsBelow(directory) };
    const content = { directory, claims: this.#claimsAt(finishedAt), environment, results, own: this.report?.() };
    writeFileSync(join(directory, BUNDLE_FILES.report), renderReport(content));
  }

  /**
   * Closes the run: every file as it is now, signed. Fewer checks than were expected is a failure of its own. Whatever writes
   * into its directory has ended before.
   */
  finish(): Tally {
    const executed = new Set(this.results.map(({ id }) => id));
    for (const id of this.#expected) {
      if (executed.has(id)) continue;
      const claim = "this check was to run";
      this.#record({ id, claim, verdict: "failed", milliseconds: 0, reason: "it did not run" });
    }
    const tally = this.#tally();
    const claims = this.#claimsAt(new Date().toISOString());
    const { suite, results, directory } = this;
    this.#write(BUNDLE_FILES.results, {
      schema: 2,
      suite,
      expected: claims.expected,
      passed: tally.passed,
      failed: tally.failed,
      results,
      ...(this.#skipped.length > 0 ? { skipped: this.#skipped } : {}),
    } satisfies Results);
    writeFileSync(join(directory, "junit.xml"), toJunit(suite, results));
    this.#writeEnvironment();
    redactFiles(directory);
    this.writeReport(claims.finishedAt);
    sealBundle(directory, claims, this.#options.state ?? findPlaces().state);
    this.#forget();
    this.#say(`\nevidence: ${relative(REPOSITORY, directory)}`);
    return tally;
  }

  #record(unsafe: CheckResult): void {
    const result = redactTexts(unsafe);
    this.results.push(result);
    appendFileSync(join(this.directory, "results.jsonl"), `${JSON.stringify(result)}\n`);
    const seconds = `${(result.milliseconds / 1000).toFixed(1)} s`;
    this.#say(`${result.verdict === "passed" ? "ok    " : "FAILED"}  ${result.id}  ${result.claim}  (${seconds})`);
    if (result.reason === undefined) return;
    this.#say(result.reason.replace(/^/gm, "        "));
    if (this.#options.repeat !== undefined) this.#say(`        alone: ${this.#options.repeat(result.id)}`);
  }

  #skip({ id, claim, needsRoot = "" }: Check<unknown>): void {
    this.#skipped.push({ id, claim, reason: needsRoot });
    this.#say(`skipped ${id}  ${claim}  (needs root: ${needsRoot})`);
  }

  #say(words: string): void {
    // Some of them may be a task's own; Node colours what differs.
    (this.#options.say ?? console.log)(plain(stripVTControlCharacters(words)));
  }

  #tally(): Tally {
    const failed = this.results.filter(({ verdict }) => verdict === "failed").length;
    return { passed: this.results.length - failed, failed, skipped: this.#skipped.length };
  }

  #claimsAt(finishedAt: string | null): Claims {
    const executed = this.results.map(({ id }) => id);
    const [expected, attacks] = [[...this.#expected], [...this.#attacks]];
    const { passed, failed } = this.#tally();
    return { ...this.#claims, finishedAt, expected, attacks, executed, passed, failed };
  }

  #writeEnvironment(): void {
    this.#write(BUNDLE_FILES.environment, { ...this.#environment, runtimes: factsBelow(this.directory) });
  }

  #write(name: string, content: object): void {
    writeFileSync(join(this.directory, name), `${JSON.stringify(redactTexts(content), null, 1)}\n`);
  }
}

/** What was seen of an attack on both sides, apart from whatever else was. */
function split({ attack }: Pick<Check, "attack">, seen: object | undefined): Pick<CheckResult, "attack" | "evidence"> {
  const plain = seen === undefined ? undefined : (JSON.parse(JSON.stringify(seen)) as Record<string, unknown>);
  if (attack === undefined) return plain === undefined ? {} : { evidence: plain };
  const {
    target,
    control,
    dead: _,
    ...rest
  } = (plain ?? {}) as { target?: BundledSight; control?: BundledSight; dead?: string };
  const { tried, oracle, dead } = attack;
  return {
    attack: {
      tried,
      oracle,
      target: target ?? null,
      control: control ?? null,
      ...(dead === undefined ? {} : { dead }),
    },
    ...(Object.keys(rest).length === 0 ? {} : { evidence: rest }),
  };
}

/** What suites take from the environment belongs to their command. */
function withChoices(command: string): string {
  const chosen = ["PIWORK_SUITE_ISOLATION", "PIWORK_SUITE_AGENT"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
  return [...chosen, command].join(" ");
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
export function conclude({ passed, failed, skipped = 0 }: Tally): never {
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}

export function addTallies(tallies: readonly Tally[]): Tally {
  const sum = (of: keyof Tally) => tallies.reduce((total, tally) => total + (tally[of] ?? 0), 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}
