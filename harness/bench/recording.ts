import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Check, Run } from "../checks/checks.ts";
import type { BenchDocument } from "./document.ts";
import { lookAtBench } from "./environment.ts";
import type { Finding } from "./figures.ts";
import { takeInTurn } from "./in-turn.ts";
import { Progress } from "./progress.ts";
import { figuresPart } from "./report.ts";
import type { Bench, Plan, Section } from "./section.ts";
import { type FigureTarget, judge } from "./targets.ts";

/** Whatever a section does, it is over by then. */
const SECTION_DEADLINE_MS = 4 * 3_600_000;

/** What a run has measured so far. Every sample is in `samples.jsonl` at once, what comes of them after each section. */
export class Recording {
  readonly document: BenchDocument;
  readonly #run: Run;
  readonly #targets: readonly FigureTarget[];

  constructor(run: Run, targets: readonly FigureTarget[]) {
    this.#run = run;
    this.#targets = targets;
    this.document = {
      schema: 2,
      environment: lookAtBench(),
      finishedAt: null,
      sections: [],
      targets: judge(targets, []),
    };
    run.report = () => figuresPart(this.document);
  }

  get report(): string {
    return join(this.#run.directory, "report.html");
  }

  /** Measures a section when it is run; that it could be measured is the claim. */
  check(section: Section, samples = section.samples): Check {
    return {
      id: `bench.${section.name}`,
      claim: `${section.describe}: could be measured`,
      deadlineMs: SECTION_DEADLINE_MS,
      run: () => this.#measure(section, samples),
    };
  }

  findings(name: string): readonly Finding[] {
    return this.document.sections.find((section) => section.name === name)?.findings ?? [];
  }

  /** `bench.json` and `report.html` as of now. */
  write(): void {
    const findings = this.document.sections.flatMap((section) => section.findings);
    this.document.targets = judge(this.#targets, findings);
    writeFileSync(join(this.#run.directory, "bench.json"), `${JSON.stringify(this.document, null, 1)}\n`);
    this.#run.writeReport();
  }

  finish(): void {
    this.document.finishedAt = new Date().toISOString();
    this.write();
  }

  async #measure({ name, describe, measure }: Section, samples: number): Promise<void> {
    console.log(`\n--- ${name}: ${describe}`);
    const findings: Finding[] = [];
    const section: BenchDocument["sections"][number] = { name, describe, findings };
    this.document.sections.push(section);
    try {
      await measure(this.#benchFor(name, findings, samples));
      const without = findings.filter(isEmpty).map(({ id }) => id);
      if (findings.length === 0) throw new Error("it found nothing");
      if (without.length > 0) throw new Error(`every sample of ${without.join(", ")} failed`);
    } catch (error) {
      section.failure = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      this.write();
    }
  }

  #benchFor(name: string, findings: Finding[], samples: number): Bench {
    const logs = join(this.#run.directory, name);
    mkdirSync(logs, { recursive: true });
    const put = (finding: Finding) => {
      const at = findings.findIndex(({ id }) => id === finding.id);
      if (at === -1) findings.push(finding);
      else findings[at] = finding;
    };
    return {
      logs,
      samples,
      put,
      accelerated: (acceleration) => {
        this.document.environment.acceleration = acceleration;
      },
      inTurn: async <Q extends string>(plan: Plan<Q>) => {
        const rounds = Math.min(plan.rounds ?? samples, samples);
        const progress = new Progress(Object.keys(plan.quantities).join(", "));
        let round = 0;
        let failed = 0;
        for await (const figures of takeInTurn(name, plan, rounds, (taken) => {
          appendFileSync(join(this.#run.directory, "samples.jsonl"), `${JSON.stringify(taken)}\n`);
          if (taken.sample.value === null) failed++;
        })) {
          for (const figure of figures) put(figure);
          progress.at(++round, rounds, failed === 0 ? "" : `${failed} failed`);
        }
      },
    };
  }
}

function isEmpty(finding: Finding): boolean {
  return finding.kind === "figure" && finding.target.spread.failed === finding.target.spread.taken;
}
