import { readFileSync } from "node:fs";
import type { Phases } from "../../harness/bench/figures.ts";

/** How often the console's log is looked at, in milliseconds; a phase is known no better than that. */
const LOOK_MS = 10;
/** What a machine says on its console at the end of each of its steps. */
const STEP = /^piwork: (.+?)\r?$/gm;

/** What a boot is made of, by when its console says what. */
export class ConsolePhases implements Disposable {
  readonly #log: string;
  readonly #steps: { name: string; at: number }[] = [];
  readonly #looking = setInterval(() => this.#look(), LOOK_MS);

  constructor(log: string) {
    this.#log = log;
  }

  #look(): void {
    const now = performance.now();
    const said = [...readSoFar(this.#log).matchAll(STEP)].map(([, name = ""]) => name);
    for (const name of said.slice(this.#steps.length)) this.#steps.push({ name, at: now });
  }

  /** The phases of a boot that took so long until now, each named by what ended it. */
  upTo(bootMs: number): Phases {
    const end = performance.now();
    this.#look();
    const moments = [...this.#steps, { name: "both shares proven", at: end }];
    const starts = [end - bootMs, ...moments.map(({ at }) => at)];
    return moments.map(({ name, at }, index) => ({ name, value: Math.max(0, at - (starts[index] ?? at)) }));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
  }
}

function readSoFar(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return ""; // nothing was said yet
    throw error;
  }
}
