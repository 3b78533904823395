import { parseArgs } from "node:util";
import { compare, readBench, renderComparison } from "../harness/bench/compare.ts";
import type { BenchDocument } from "../harness/bench/document.ts";
import { Recording } from "../harness/bench/recording.ts";
import type { Section } from "../harness/bench/section.ts";
import { renderTable } from "../harness/bench/table.ts";
import { conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { atExit } from "../harness/host/at-exit.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { table } from "../runtime/cli/table.ts";
import { realAgent } from "./bench/agent.ts";
import { SECTIONS } from "./bench/sections.ts";
import { TARGETS } from "./bench/targets.ts";

const MOST_SAMPLES = 9999;

const USAGE = `usage: bench.ts [SECTION...] [options]

  SECTION            what to measure; without one, everything:
${table(SECTIONS.map(({ name, describe }) => [`    ${name}`, describe]))}
  --samples N        how many to take of each quantity
  --compare FILE     sets the figures beside those of the bench.json of another run
  --help

The exit code says whether it could be measured, never whether it was fast.`;

interface Wishes {
  sections?: readonly Section[];
  /** of each quantity, where not as many as a section takes by itself */
  samples?: number | undefined;
  /** another run, and where it was read */
  before?: { path: string; document: BenchDocument } | undefined;
}

/** Measures, and prints and keeps the figures. */
export async function bench({ sections = SECTIONS, samples, before }: Wishes = {}): Promise<Tally> {
  const run = new Run("bench", { command: `npx mise run bench ${process.argv.slice(2).join(" ")}`.trim() });
  const recording = new Recording(run, TARGETS);
  const forget = atExit(() => {
    recording.write();
    console.error(`what was measured so far: ${recording.report}`);
  });
  const checks = sections.flatMap((section) => [
    recording.check(section, samples),
    ...(section.checks?.(() => recording.findings(section.name)) ?? []),
  ]);
  run.expect(checks);
  await run.perform(checks);
  recording.finish();
  forget();
  console.log(`\n${renderTable(recording.document)}`);
  if (before !== undefined) console.log(renderComparison(compare(before.document, recording.document), before.path));
  console.log(`\nreport: ${recording.report}`);
  return run.finish();
}

if (import.meta.filename === process.argv[1]) {
  const wishes = readWishes();
  await prepareMachines("safe", ...((wishes.sections ?? SECTIONS).includes(realAgent) ? (["pi"] as const) : []));
  conclude(await bench(wishes));
}

function readWishes(): Wishes {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        samples: { type: "string" },
        compare: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const unknown = positionals.find((name) => !SECTIONS.some((section) => section.name === name));
    if (unknown !== undefined) throw new Error(`there is no section '${unknown}'`);
    const { samples, compare: path } = values;
    if (samples !== undefined && !(/^[1-9]\d*$/.test(samples) && Number(samples) <= MOST_SAMPLES))
      throw new Error(`--samples is a number from 1 to ${MOST_SAMPLES}, not '${samples}'`);
    return {
      sections: positionals.length === 0 ? SECTIONS : SECTIONS.filter(({ name }) => positionals.includes(name)),
      samples: samples === undefined ? undefined : Number(samples),
      before: path === undefined ? undefined : { path, document: readBench(path) },
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}
