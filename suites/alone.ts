import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { $ } from "zx";
import { type Check, conclude, Failed, Run, type Tally } from "../harness/checks/checks.ts";
import { atExit } from "../harness/host/at-exit.ts";
import { signalGroup } from "../harness/host/processes.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { Random } from "../harness/random/random.ts";
import { REPOSITORY } from "../runtime/state/places.ts";
import { type Known, takeSample } from "./alone/sample.ts";
import { everyCheck } from "./every-check.ts";

const DEFAULTS = { times: 10, sample: 60 };
const USAGE = `usage: alone.ts [options]

Runs checks of all suites alone, each by the command that it prints where it fails, and compares the verdicts.

  --times N     how often each is run (${DEFAULTS.times})
  --sample N    how many checks (${DEFAULTS.sample}), of each suite some
  --seed N      of an earlier run, to have the same sample
  --only ID     this check alone
  --list        say which checks there are, and run none`;

/** One check alone, what it needs before it included; the longest that a sample can have takes a third of it. */
const RUN_DEADLINE_MS = 900_000;
/** Checks that run at a time. */
const AT_ONCE = 2;

export interface AloneOptions {
  times: number;
  sample: number;
  seed: number;
  only?: string | undefined;
}

/** Whether checks that are run alone have the same verdict each time. */
export async function alone({ times, sample, seed, only }: AloneOptions): Promise<Tally> {
  const all = everyCheck();
  const chosen = only === undefined ? takeSample(all, sample, new Random(seed)) : all.filter(({ id }) => id === only);
  const words = only === undefined ? `--sample ${sample} --seed ${seed}` : `--only ${only}`;
  const command = `npx mise run test-alone --times ${times} ${words}`;
  console.log(`${chosen.length} checks of ${all.length}, each ${times} times; the same again: ${command}`);
  const repeat = (id: string) => `npx mise run test-alone --times ${times} --only ${id.slice("alone.".length)}`;
  const run = new Run("alone", { command, repeat });
  const same = new Set<string>();
  const checks = chosen.map((known) => aloneCheck(known, times, () => same.add(known.command)));
  run.expect(checks);
  const queue = chosen.map((known, at) => ({ known, check: checks[at] as Check }));
  const busy = new Set<string>();
  const work = async () => {
    while (queue.length > 0) {
      // Two runs of one suite could want the same place, as pictures do.
      const at = queue.findIndex(({ known }) => !busy.has(known.suite));
      const [next] = at < 0 ? [] : queue.splice(at, 1);
      if (next === undefined) return;
      busy.add(next.known.suite);
      await run.perform([next.check]);
      busy.delete(next.known.suite);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  console.log(`\nchecks ${checks.length} · same verdict ${same.size}`);
  return run.finish();
}

/** One check, run alone so many times. */
function aloneCheck({ id, command }: Known, times: number, isSame: () => void): Check {
  return {
    id: `alone.${id}`,
    claim: `'${command}' passes ${times} times of ${times}`,
    deadlineMs: times * RUN_DEADLINE_MS,
    async run() {
      const runs: Verdict[] = [];
      for (let count = 1; count <= times; count++) runs.push(await runOnce(command, id));
      const verdicts = [...new Set(runs.map(({ verdict }) => verdict))];
      if (verdicts.length === 1) isSame();
      const failed = runs.filter(({ verdict }) => verdict !== "passed");
      const evidence = { runs: runs.map(({ verdict, seconds }) => `${verdict} in ${seconds} s`) };
      const [first] = failed;
      if (first !== undefined)
        throw new Failed(`${failed.length} of ${times} did not pass; the first said:\n${first.said}`, evidence);
      return evidence;
    },
  };
}

interface Verdict {
  verdict: "passed" | "failed" | "did not run" | "hung";
  seconds: number;
  said: string;
}

async function runOnce(command: string, id: string): Promise<Verdict> {
  const started = performance.now();
  const running = $({
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "pipe"],
    nothrow: true,
    quiet: true,
    detached: true,
  })`sh -c ${`exec ${command}`}`;
  let isOverdue = false;
  const overdue = setTimeout(() => {
    isOverdue = true;
    signalGroup(running.pid, "SIGINT");
  }, RUN_DEADLINE_MS);
  const forget = atExit(() => signalGroup(running.pid, "SIGINT"));
  const { exitCode, stdout, stderr } = await running;
  clearTimeout(overdue);
  forget();
  const said = `${stdout}${stderr}`;
  const seconds = Math.round((performance.now() - started) / 1000);
  const verdict = isOverdue ? "hung" : verdictIn(said, id, exitCode);
  const [, evidence] = /^evidence: (\S+)$/m.exec(said) ?? [];
  // Hundreds of bundles that say the same are no evidence of more.
  if (verdict === "passed" && evidence !== undefined) rmSync(join(REPOSITORY, evidence), { recursive: true });
  return { verdict, seconds, said };
}

/** What a suite said of a check, where the suite ended as it said. */
function verdictIn(said: string, id: string, code: number | null): Verdict["verdict"] {
  const word = said
    .split("\n")
    .map((line) => /^(ok|FAILED) +(\S+) /.exec(line))
    .findLast((found) => found?.[2] === id)?.[1];
  if (word === undefined) return "did not run";
  return word === "ok" && code === 0 ? "passed" : "failed";
}

function readWords() {
  try {
    const { values } = parseArgs({
      allowPositionals: false,
      options: {
        times: { type: "string", default: `${DEFAULTS.times}` },
        sample: { type: "string", default: `${DEFAULTS.sample}` },
        seed: { type: "string", default: `${Date.now() % 1_000_000}` },
        only: { type: "string" },
        list: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const count = (name: "times" | "sample" | "seed") => {
      if (!/^\d{1,9}$/.test(values[name]) || (name !== "seed" && Number(values[name]) === 0))
        throw new Error(`--${name} takes a number, not '${values[name]}'`);
      return Number(values[name]);
    };
    return { ...values, times: count("times"), sample: count("sample"), seed: count("seed") };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}

if (import.meta.filename === process.argv[1]) {
  const { help, list, only, ...options } = readWords();
  if (help) {
    console.log(USAGE);
    process.exit(0);
  }
  const all = everyCheck();
  if (list) {
    for (const { command } of all) console.log(command);
    process.exit(0);
  }
  if (only !== undefined && !all.some(({ id }) => id === only)) {
    console.error(`no check is called '${only}'; --list shows all`);
    process.exit(2);
  }
  // A single command prepares what it needs.
  if (only === undefined) await prepareMachines("safe", "unsafe", "pi", "unsafe-pi");
  conclude(await alone({ ...options, only }));
}
