import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Check, conclude, Failed, Run, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { type Bench, Laboratory } from "../harness/mutants/laboratory.ts";
import type { Mutant } from "../harness/mutants/mutant.ts";
import { describeScore, isEnough, type Outcome, type Score, scoreOf } from "../harness/mutants/score.ts";
import { table } from "../runtime/cli/table.ts";
import { findImage } from "../runtime/state/image.ts";
import { findPlaces, REPOSITORY } from "../runtime/state/places.ts";
import { commandOf, isInTest } from "./mutant-checks.ts";
import { MUTANTS } from "./mutants/table.ts";

/** Mutants that are tried at the same time: each keeps one core busy. */
const BENCHES = Math.min(2, availableParallelism());

const USAGE = `usage: mutants.ts [options]

Puts mistakes into the product, one at a time and in a copy of it, and looks whether the check that has to notice each goes red.

  --only ID,...  these mutants
  --list         names them without trying any
  --anew         asks again also where the same check was asked on the same sources before; without it, a run goes on
                 where an earlier one was interrupted
  --at-once N    so many at the same time (${BENCHES})
  --json         ends with the score as JSON, in the last line of stdout
  --help`;

/** So many mutants are not worth all machines that checks are run on. */
const FEW = 5;
/** An image, machines and a check, each asked for at most twice, of both sources, in milliseconds. */
const DEADLINE_MS = 4_000_000;

interface Wishes {
  mutants?: readonly Mutant[];
  resumes?: boolean;
  benches?: number;
  say?: (words: string) => void;
}

/** Tries each mutant against its check. A run of some has no score to reach. */
export async function mutants(wishes: Wishes = {}): Promise<{ tally: Tally; score: Score }> {
  const { mutants: chosen = MUTANTS, resumes = false, benches = BENCHES, say = console.log } = wishes;
  const isWhole = chosen.length === MUTANTS.length;
  const run = new Run("mutants", {
    command: `npx mise run test-mutants${isWhole ? "" : ` --only ${chosen.map(({ id }) => id).join(",")}`}`,
    repeat: (id) => `npx mise run test-mutants --only ${id.replace("mutant.", "")}`,
    say,
  });
  run.expect([...chosen.map(({ id }) => ({ id: `mutant.${id}` })), ...(isWhole ? [REACHED] : [])]);
  const outcomes = await tryAll(run, chosen, { resumes, benches });
  const score = scoreOf(outcomes);
  if (isWhole) await run.perform([reached(score)]);
  const tally = run.finish();
  say(describeScore(score));
  return { tally, score };
}

async function tryAll(
  run: Run,
  chosen: readonly Mutant[],
  { resumes, benches }: { resumes: boolean; benches: number },
): Promise<Outcome[]> {
  const { cache } = findPlaces();
  // A few checks make the machines that they need themselves; the image is everybody's.
  const isLarge = chosen.length > FEW;
  if (chosen.some(({ unitTest }) => unitTest === undefined))
    await prepareMachines(...(isLarge ? (["safe", "unsafe"] as const) : []));
  using laboratory = new Laboratory({
    repository: REPOSITORY,
    place: join(REPOSITORY, "tmp/dev/mutants"),
    cache,
    guestFiles: new Set(findImage(cache, REPOSITORY)?.manifest.sources),
    resumes,
    isBeside: (file) => /^(docs\/|suites\/mutants?|harness\/mutants\/)|\.md$/.test(file),
  });
  const outcomes: Outcome[] = [];
  const queue = cheapestFirst(chosen);
  const work = async (number: number) => {
    using bench = laboratory.bench(number);
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const outcome: Outcome = { isNoticed: false, isInTest: isInTest(mutant.noticedBy) };
      outcomes.push(outcome);
      await run.perform([asCheck(mutant, bench, outcome)]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(benches, queue.length) }, (_, at) => work(at + 1)));
  return outcomes;
}

function asCheck(mutant: Mutant, bench: Bench, outcome: Outcome): Check {
  const { id, loses, noticedBy, unitTest, survivor, file } = mutant;
  return {
    id: `mutant.${id}`,
    claim: `${unitTest ?? noticedBy} goes red where this can happen: ${loses}`,
    deadlineMs: DEADLINE_MS,
    async run() {
      const { control, verdict } = await bench.try(mutant, commandOf(mutant));
      const evidence = { file, noticedBy, inTest: outcome.isInTest, control, verdict, survivor };
      if (verdict === undefined) throw new Failed(`without any mutant the check is ${words(control)}`, evidence);
      outcome.isNoticed = verdict.is === "red";
      if (verdict.is === "none") throw new Failed(`it breaks more than it should: ${verdict.why}`, evidence);
      if (outcome.isNoticed && survivor !== undefined)
        throw new Failed("it is noticed by now: take its reason to survive out of the table", evidence);
      if (!outcome.isNoticed && survivor === undefined)
        throw new Failed(`nobody noticed it: ${noticedBy} stays green`, evidence);
      return evidence;
    },
  };
}

const REACHED = { id: "mutants.score", claim: "of 100 mutants 95 are noticed, and 85 by npm test" };

function reached(score: Score): Check {
  return {
    ...REACHED,
    run() {
      if (!isEnough(score)) throw new Failed(describeScore(score), score);
      return Promise.resolve(score);
    },
  };
}

const words = ({ is, why }: { is: string; why: string }) => (is === "red" ? `red: ${why}` : why);

/** What needs no machine, then what needs no other image; beside each other what has one control. */
function cheapestFirst(chosen: readonly Mutant[]): Mutant[] {
  const cost = ({ unitTest, file }: Mutant) => (unitTest !== undefined ? 0 : file.startsWith("guest/") ? 2 : 1);
  return [...chosen].sort((a, b) => cost(a) - cost(b) || (a.noticedBy < b.noticedBy ? -1 : 1));
}

function readWishes() {
  try {
    const options = {
      only: { type: "string" },
      list: { type: "boolean", default: false },
      "at-once": { type: "string", default: `${BENCHES}` },
      anew: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    } as const;
    const { values } = parseArgs({ options });
    const ids = values.only?.split(",").filter(Boolean);
    const unknown = ids?.find((id) => !MUTANTS.some((mutant) => mutant.id === id));
    if (unknown !== undefined) throw new Error(`there is no mutant '${unknown}'; --list shows them`);
    const benches = Number(values["at-once"]);
    if (!Number.isInteger(benches) || benches < 1) throw new Error("--at-once takes a number from 1 on");
    return { ...values, benches, chosen: MUTANTS.filter(({ id }) => ids?.includes(id) ?? true) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}

function list(chosen: readonly Mutant[]): void {
  const rows = chosen.map(({ id, file, noticedBy, unitTest, loses }) => [
    id,
    file,
    unitTest ?? noticedBy,
    isInTest(noticedBy) ? "npm test" : "check-full",
    loses,
  ]);
  console.log(table([["mutant", "file", "noticed by", "in", "what users lose"], ...rows]));
}

if (import.meta.filename === process.argv[1]) {
  const { chosen, list: isListed, help, anew, json, benches } = readWishes();
  if (help) console.log(USAGE);
  else if (isListed) list(chosen);
  else {
    const say = json ? console.error : console.log;
    const { tally, score } = await mutants({ mutants: chosen, resumes: !anew, benches, say });
    if (!json) conclude(tally);
    console.log(JSON.stringify(score));
    process.exit(tally.failed > 0 ? 1 : 0);
  }
}
