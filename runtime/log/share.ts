/** Within a minute. */
const LINES = 300;
const MINUTE_MS = 60_000;

interface Share {
  since: number;
  lines: number;
  leftOut: number;
}

/** What each task may add to a log of bounded length, of each kind of event: one that floods must not push out what was there before. */
export class LogShare {
  readonly #tasks = new Map<string, Map<string, Share>>();

  /** How many lines of the kind were left out since the task's last one; undefined where this one is left out too. */
  take(task: string, kind: string, now: number): number | undefined {
    const kinds = this.#tasks.get(task) ?? new Map<string, Share>();
    this.#tasks.set(task, kinds);
    let share = kinds.get(kind);
    if (share === undefined || now - share.since >= MINUTE_MS) {
      share = { since: now, lines: 0, leftOut: share?.leftOut ?? 0 };
      kinds.set(kind, share);
    }
    if (share.lines++ >= LINES) {
      share.leftOut++;
      return undefined;
    }
    const { leftOut } = share;
    share.leftOut = 0;
    return leftOut;
  }

  forget(task: string): void {
    this.#tasks.delete(task);
  }
}
