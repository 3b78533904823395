import type { Acceleration } from "../../runtime/machine/acceleration.ts";
import type { Check } from "../checks/checks.ts";
import type { Alternative, Finding, Unit } from "./figures.ts";

/** One part of the benchmark. */
export interface Section {
  name: string;
  /** what it measures, as a noun */
  describe: string;
  /** samples it takes of each quantity where nobody says how many */
  samples: number;
  /** Hands what it finds to the bench as soon as it is known; what it throws ends the section, not the run. */
  measure(bench: Bench): Promise<void>;
  /** what must be true of the findings for the run to count, beside that there are any */
  checks?(findings: () => readonly Finding[]): Check[];
}

/** What a section is given to measure with. */
export interface Bench {
  /** a directory for logs that stay as evidence */
  readonly logs: string;
  /** how many samples to take of each quantity */
  readonly samples: number;
  /** the machine is run by this */
  accelerated(acceleration: Acceleration): void;
  /** Takes samples of all ways in turn, so that whatever else the host does falls on all of them. */
  inTurn<Q extends string>(plan: Plan<Q>): Promise<void>;
  /** Puts something found by other means beside the figures; the same id again replaces it. */
  put(finding: Finding): void;
}

export interface Plan<Q extends string> {
  /** what is measured at once, by the second part of the figures' ids */
  quantities: Record<Q, { describe: string; unit: Unit }>;
  /** fewer rounds than the section's samples */
  rounds?: number;
  target: Candidate<NoInfer<Q>>;
  alternatives: readonly (Candidate<NoInfer<Q>> & Pick<Alternative, "where">)[];
}

export interface Candidate<Q extends string> {
  describe: string;
  /** the quantities it has, where it does not have all */
  gives?: readonly Q[];
  /** Takes one sample. Throwing is a failed sample, and so is not being done within the deadline. */
  take(round: number): Promise<Partial<Record<Q, number>>> | Partial<Record<Q, number>>;
}

/** Milliseconds that something takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
