import { LIMITS } from "./limits.ts";
import type { Transition } from "./states.ts";

/** The last state changes of tasks and machines, as one side sees them. */
export class History {
  readonly #transitions: Transition[] = [];

  get last(): Transition[] {
    return [...this.#transitions];
  }

  add(of: string, from: Transition["from"], to: Transition["to"], why: string): void {
    this.#transitions.push({ at: Date.now(), of, from, to, why: why.slice(0, 300) });
    if (this.#transitions.length > LIMITS.history) this.#transitions.shift();
  }
}
