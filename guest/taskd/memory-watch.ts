import { type FSWatcher, watch } from "node:fs";
import { endedForMemory, whyEnded } from "../walls/out-of-memory.ts";
import type { Slot } from "./slot.ts";

/** A task whose processes are ended all the time is told of that once in so many milliseconds, and once in each turn. */
const QUIET_MS = 10_000;

/** Tells when the kernel has ended processes of a task because there was no memory for them. */
export class MemoryWatch implements Disposable {
  readonly #slot: Slot;
  readonly #tell: (promptId: string | null, why: string) => void;
  readonly #watcher: FSWatcher;
  #told: { count: number; promptId: string | null; until: number };

  /** `current`: the prompt in flight. */
  constructor(slot: Slot, current: () => string | null, tell: (promptId: string | null, why: string) => void) {
    this.#slot = slot;
    this.#tell = tell;
    this.#told = { count: this.count, promptId: null, until: 0 };
    // The kernel says when a number in it has changed, at most once in 10 ms.
    this.#watcher = watch(this.#events, () => this.look(current()));
  }

  /** Processes that were ended so far. */
  get count(): number {
    return endedForMemory(this.#events);
  }

  /** Why processes were ended since there were `before`; null where none were. */
  since(before: number): string | null {
    return this.count > before ? whyEnded(this.#events, this.#slot.confinement.memoryBytes) : null;
  }

  /** Tells of what has happened since it was told last. */
  look(promptId: string | null): void {
    const { count } = this;
    const isSoon = performance.now() < this.#told.until && promptId === this.#told.promptId;
    if (count <= this.#told.count || isSoon) return;
    this.#told = { count, promptId, until: performance.now() + QUIET_MS };
    this.#tell(promptId, whyEnded(this.#events, this.#slot.confinement.memoryBytes));
  }

  get #events(): string {
    return `${this.#slot.confinement.group}/memory.events`;
  }

  [Symbol.dispose](): void {
    this.#watcher.close();
  }
}
