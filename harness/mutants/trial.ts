import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { $ } from "zx";
import "../host/startup-files.ts";
import { atExit } from "../host/at-exit.ts";
import { isThere, signalGroup } from "../host/processes.ts";
import { type Verdict, verdictOf, verdictOfTests } from "./verdict.ts";

/** How one check is run: a program of the repository, and its words. */
export interface Command {
  id: string;
  program: string;
  words: readonly string[];
  /** a file of unit tests, which `node --test` runs, rather than a suite */
  isUnitTest: boolean;
}

/** Time that a check has to come to its verdict, with the image and the machines that it needs, in milliseconds. */
const SUITE_DEADLINE_MS = 900_000;
const UNIT_TEST_DEADLINE_MS = 90_000;
const LOOK_EVERY_MS = 200;
/** Time that a program has to put away what it started, in milliseconds. */
const END_DEADLINE_MS = 30_000;

/** What a check says in the copy at `directory`. The program is ended as soon as the check has its verdict. */
export async function tryCheck(
  command: Command,
  { directory, env, log }: { directory: string; env: NodeJS.ProcessEnv; log: string },
): Promise<Verdict> {
  const runs = join(directory, "tmp/dev/runs");
  rmSync(runs, { recursive: true, force: true });
  mkdirSync(dirname(log), { recursive: true });
  const words = [
    ...["--import", "tsx"],
    ...(command.isUnitTest ? ["--test", "--test-reporter=tap"] : []),
    command.program,
    ...command.words,
  ];
  const running = Running.start(directory, words, env, log);
  const deadline = performance.now() + (command.isUnitTest ? UNIT_TEST_DEADLINE_MS : SUITE_DEADLINE_MS);
  try {
    for (;;) {
      const hasEnded = running.hasEnded; // before the look: what was written last is seen
      const verdict = command.isUnitTest ? undefined : verdictOf(command.id, runs);
      if (verdict !== undefined) return verdict;
      if (hasEnded) break;
      if (performance.now() > deadline) return overdue(command, log);
      await Promise.race([running.ended, delay(LOOK_EVERY_MS)]);
    }
  } finally {
    await running.end();
  }
  const output = readFileSync(log, "utf8");
  if (command.isUnitTest) return verdictOfTests(output, command.program);
  return { is: "none", why: `the check was not reached: ${lastLines(output)}` };
}

/** A test that hangs has failed; a suite whose check has a deadline of its own never came as far. */
function overdue({ isUnitTest }: Command, log: string): Verdict {
  if (isUnitTest) return { is: "red", why: `it did not end within ${UNIT_TEST_DEADLINE_MS / 1000} s` };
  const last = lastLines(readFileSync(log, "utf8"));
  return { is: "none", why: `the check was not reached within ${SUITE_DEADLINE_MS / 1000} s: ${last}` };
}

function lastLines(output: string): string {
  return output.trim().split("\n").slice(-8).join("\n").slice(-600);
}

/** A program in a process group of its own, which ends with this process. */
class Running {
  readonly ended: Promise<unknown>;
  hasEnded = false;
  readonly #pid: number;
  readonly #forget: () => void;

  private constructor(pid: number, ended: Promise<unknown>) {
    this.#pid = pid;
    this.ended = ended.then(() => {
      this.hasEnded = true;
    });
    this.#forget = atExit(() => this.#endNow());
  }

  static start(directory: string, words: readonly string[], env: NodeJS.ProcessEnv, log: string): Running {
    const output = openSync(log, "w");
    const stdio = ["ignore", output, output] as ["ignore", number, number];
    const options = { cwd: directory, env, stdio, detached: true, nothrow: true, quiet: true };
    const running = $(options)`exec ${process.execPath} ${words}`;
    closeSync(output);
    return new Running(running.pid as number, running.exitCode);
  }

  /** Suites put their runtimes away when they are asked to end. */
  async end(): Promise<void> {
    if (!this.hasEnded) signalGroup(this.#pid, "SIGTERM");
    const late = new AbortController();
    const limit = delay(END_DEADLINE_MS, undefined, { signal: late.signal }).catch(() => {});
    await Promise.race([this.ended, limit]);
    late.abort();
    signalGroup(this.#pid, "SIGKILL"); // also what is left of its group
    await this.ended;
    this.#forget();
  }

  /** The same where there is no time to wait in turns. */
  #endNow(): void {
    signalGroup(this.#pid, "SIGTERM");
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (const deadline = performance.now() + END_DEADLINE_MS; isThere(this.#pid) && performance.now() < deadline; )
      Atomics.wait(pause, 0, 0, 50);
    signalGroup(this.#pid, "SIGKILL");
  }
}
