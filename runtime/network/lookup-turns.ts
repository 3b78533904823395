import { ProxyRefusal } from "./refusal.ts";

/** Names that are looked up for tasks: so many at once, and of each task one after the other, so that none waits for another's. */
export class LookupTurns {
  readonly #mostWaiting: number;
  #free: number;
  readonly #busy = new Set<string>();
  /** what waits of each task; the task whose turn it is next is first */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(atOnce: number, mostWaiting: number) {
    this.#free = atOnce;
    this.#mostWaiting = mostWaiting;
  }

  async take<T>(task: string, work: () => Promise<T>): Promise<T> {
    await this.#turn(task);
    try {
      return await work();
    } finally {
      this.#busy.delete(task);
      this.#free++;
      this.#toTheEnd(task);
      this.#next();
    }
  }

  #turn(task: string): Promise<void> {
    const own = this.#waiting.get(task) ?? [];
    if (own.length >= this.#mostWaiting)
      return Promise.reject(new ProxyRefusal(429, "Too many names are looked up at once; try again."));
    this.#waiting.set(task, own);
    const turn = new Promise<void>((resolve) => own.push(resolve));
    this.#next();
    return turn;
  }

  #next(): void {
    for (const [task, [first, ...rest]] of this.#waiting) {
      if (this.#free === 0) return;
      if (this.#busy.has(task) || first === undefined) continue;
      this.#free--;
      this.#busy.add(task);
      if (rest.length > 0) this.#waiting.set(task, rest);
      else this.#waiting.delete(task);
      first();
    }
  }

  /** A task that had its turn is behind all others the next time. */
  #toTheEnd(task: string): void {
    const own = this.#waiting.get(task);
    if (own === undefined) return;
    this.#waiting.delete(task);
    this.#waiting.set(task, own);
  }
}
