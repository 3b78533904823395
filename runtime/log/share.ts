import { LIMITS } from "../protocol/limits.ts";

/** What a line has beside what it tells, in bytes. */
const LINE_BYTES = 128;

interface Share {
  bytes: number;
  at: number;
  leftOut: number;
}

/** What each task may add to a log of bounded length, of each kind of event: one that floods must not push out what was there before. */
export class LogShare {
  readonly #tasks = new Map<string, Map<string, Share>>();

  /** How many lines of the kind were left out since the task's last one; undefined where this one, with so many bytes, is left out too. */
  take(task: string, kind: string, bytes: number, now: number): number | undefined {
    const kinds = this.#tasks.get(task) ?? new Map<string, Share>();
    this.#tasks.set(task, kinds);
    const share = kinds.get(kind) ?? { bytes: LIMITS.logShareBytes, at: now, leftOut: 0 };
    kinds.set(kind, share);
    const earned = (Math.max(0, now - share.at) / 1000) * LIMITS.logShareBytesPerSecond;
    share.bytes = Math.min(LIMITS.logShareBytes, share.bytes + earned);
    share.at = now;
    if (bytes + LINE_BYTES > share.bytes) {
      share.leftOut++;
      return undefined;
    }
    share.bytes -= bytes + LINE_BYTES;
    const { leftOut } = share;
    share.leftOut = 0;
    return leftOut;
  }

  forget(task: string): void {
    this.#tasks.delete(task);
  }
}
