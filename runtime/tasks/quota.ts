import { setTimeout as delay } from "node:timers/promises";
import type { TaskRecord, TaskUsage, Usage } from "../api/record.ts";
import { PiworkError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { addUsage } from "../workspace/usage.ts";
import type { TaskBook } from "./book.ts";

/** What one task may add to its folder, outputs, home and session together. */
export interface QuotaLimits {
  bytes: number;
  /** files, directories and links */
  entries: number;
}

export const DEFAULT_QUOTA: QuotaLimits = { bytes: LIMITS.folderGrowthBytes, entries: LIMITS.folderGrowthEntries };

/** Shortest pause between two looks at a task, in milliseconds. */
const LOOK_EVERY_MS = 2_000;
/** A pause is this many times as long as the last look, up to the longest: looking costs little of the time. */
const PAUSE_PER_LOOK = 10;
/** Longest pause, however long looks take: what is written in it comes on top of the limit. */
const LONGEST_PAUSE_MS = 30_000;
/** Looks that fail one after the other before a task that cannot be measured is stopped. */
const FAILED_LOOKS = 3;
/** Longest look after a task was stopped, in milliseconds; who stops it waits for it. */
const SETTLE_MS = 5_000;

export interface QuotaParts {
  book: TaskBook;
  limits: QuotaLimits;
  measure(record: TaskRecord, signal?: AbortSignal): Promise<TaskUsage>;
  /** whether something of a task may run in a machine */
  mayRun(id: string): boolean;
  /** the rest of a task's machine while that is paused: how long its QEMU has run so far, in milliseconds, and when the rest is over */
  resting(id: string): { ranMs: number; over: Promise<void> } | undefined;
  /** ends a task that has added too much */
  end(id: string, reason: PiworkError): Promise<void>;
  warn(message: string, facts: Record<string, unknown>): void;
  /** shortest pause between two looks, in milliseconds */
  everyMs?: number;
}

/**
 * Stops tasks that add too much. What a task has added is what is there now, less what was there before it could write for
 * the first time: stopping and opening it gives it no new allowance, and what it or a person frees, it may use again.
 * What a person adds while it is stopped is not the task's: after a stop in order, whatever has grown by the next opening
 * is counted as having been there before. After a crash nobody can tell whose it is, so it is the task's.
 * While a task is open, everything that grows there is taken for its own; in a folder that two tasks share, for both's.
 */
export class Quota {
  readonly #parts: QuotaParts;
  /** tasks that are looked at, with what ends that */
  readonly #watched = new Map<string, AbortController>();

  constructor(parts: QuotaParts) {
    this.#parts = parts;
  }

  /** Called before a task can write to its places; refuses one that has added too much already. */
  async admit(id: string): Promise<void> {
    const { book, limits, measure } = this.#parts;
    const now = await measure(book.find(id));
    const { growth } = book.find(id);
    const before = growth === null ? now : startingPoint(growth, now);
    const reason = tooMuch(before, now, limits, true);
    if (reason !== undefined) {
      // A folder that it does not get after all is measured anew with the next one.
      const folder = growth === null || growth.before.folder === null ? null : before.folder;
      book.note(id, { growth: { before: { ...before, folder }, ended: now, exceeded: reason.message } });
      throw reason;
    }
    book.note(id, { growth: { before, ended: null, exceeded: null } });
    this.#watch(id);
  }

  /** Called when nothing of a task runs any more. */
  async settle(id: string): Promise<void> {
    const { book, measure } = this.#parts;
    this.#watched.get(id)?.abort();
    const { growth } = book.find(id);
    if (growth === null || growth.ended !== null) return;
    try {
      const ended = await measure(book.find(id), AbortSignal.timeout(SETTLE_MS));
      if (book.has(id))
        book.note(id, { growth: { ...growth, exceeded: book.find(id).growth?.exceeded ?? null, ended } });
    } catch (error) {
      // As after a crash.
      this.#parts.warn("what a stopped task left could not be measured", { task: id, error });
    }
  }

  /** Why a task was stopped, where it had added too much. */
  verdict(id: string): PiworkError | undefined {
    const exceeded = this.#parts.book.has(id) ? this.#parts.book.find(id).growth?.exceeded : null;
    return exceeded ? new PiworkError("LIMIT_EXCEEDED", exceeded) : undefined;
  }

  #watch(id: string): void {
    if (this.#watched.has(id)) return;
    const end = new AbortController();
    this.#watched.set(id, end);
    void this.#keepLooking(id, end.signal).finally(() => {
      if (this.#watched.get(id) === end) this.#watched.delete(id);
    });
    end.signal.addEventListener("abort", () => this.#watched.delete(id), { once: true });
  }

  async #keepLooking(id: string, signal: AbortSignal): Promise<void> {
    const { book, everyMs = LOOK_EVERY_MS, mayRun, resting, end, warn } = this.#parts;
    let pauseMs = everyMs;
    let wasUnreached = false;
    let failed = 0;
    let ranMs: number | undefined;
    for (;;) {
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted || !book.has(id) || !mayRun(id)) return;
      const rest = resting(id);
      // Who has not run since has written nothing, and somebody who has taken over a QEMU runs.
      if (rest !== undefined && rest.ranMs === ranMs) {
        await Promise.race([rest.over, delay(LONGEST_PAUSE_MS, undefined, { signal, ref: false })]).catch(() => {});
        continue;
      }
      ranMs = rest?.ranMs;
      const started = performance.now();
      try {
        const { reason, isUnreached } = await this.#look(id, signal, wasUnreached);
        wasUnreached = isUnreached;
        failed = 0;
        if (signal.aborted) return;
        if (reason !== undefined) {
          await end(id, reason);
          return;
        }
      } catch (error) {
        if (signal.aborted || !book.has(id)) return;
        warn("a task could not be measured, or not be stopped; it is looked at again", { task: id, error });
        if (++failed === FAILED_LOOKS) await end(id, cannotBeMeasured(error)).catch(() => {});
      }
      const pause = PAUSE_PER_LOOK * (performance.now() - started);
      pauseMs = Math.max(everyMs, Math.min(pause, LONGEST_PAUSE_MS));
    }
  }

  async #look(id: string, signal: AbortSignal, wasUnreached: boolean) {
    const { book, limits, measure } = this.#parts;
    const now = await measure(book.find(id), signal);
    const before = book.has(id) ? book.find(id).growth?.before : undefined;
    if (before === undefined) return { reason: undefined, isUnreached: false };
    return {
      reason: tooMuch(before, now, limits, wasUnreached),
      isUnreached: added(before, now).unreached > 0,
    };
  }
}

/** What was there without the task, after it was away. */
function startingPoint({ before, ended }: NonNullable<TaskRecord["growth"]>, now: TaskUsage): TaskUsage {
  return {
    // A folder that was bound since is as it was found.
    folder: before.folder === null ? now.folder : shifted(before.folder, ended?.folder, now.folder),
    kept: shifted(before.kept, ended?.kept, now.kept),
  };
}

function shifted(before: Usage, ended: Usage | null | undefined, now: Usage | null): Usage {
  if (ended === null || ended === undefined || now === null) return before;
  return addUsage(before, {
    bytes: Math.max(0, now.bytes - ended.bytes),
    entries: Math.max(0, now.entries - ended.entries),
    unreached: Math.max(0, now.unreached - ended.unreached),
  });
}

function added(before: TaskUsage, now: TaskUsage): Usage {
  const less = (a: Usage, b: Usage): Usage => ({
    bytes: a.bytes - b.bytes,
    entries: a.entries - b.entries,
    unreached: a.unreached - b.unreached,
  });
  const kept = less(now.kept, before.kept);
  return now.folder === null || before.folder === null ? kept : addUsage(kept, less(now.folder, before.folder));
}

/** A directory that could not be looked into may be a program's for a moment; what stays so could hide anything. */
function tooMuch(
  before: TaskUsage,
  now: TaskUsage,
  limits: QuotaLimits,
  wasUnreached: boolean,
): PiworkError | undefined {
  const { bytes, entries, unreached } = added(before, now);
  const what = [
    ...(bytes > limits.bytes ? [`${inMegabytes(bytes)} (the limit is ${inMegabytes(limits.bytes)})`] : []),
    ...(entries > limits.entries ? [`${entries} files (the limit is ${limits.entries})`] : []),
    ...(unreached > 0 && wasUnreached
      ? [`${unreached} directories that cannot be looked into (unreadable, or deeper than ${LIMITS.walkLevels} levels)`]
      : []),
  ];
  if (what.length === 0) return undefined;
  return new PiworkError(
    "LIMIT_EXCEEDED",
    `The task has added ${what.join(" and ")} to its folder, outputs and home, so it was stopped. Nothing was removed. Remove on the host what it does not need there (outputs and home are in tasks/<id>/guest of the state directory), or start the runtime with a higher --task-bytes or --task-files; then open it again with 'piwork task switch'.`,
  );
}

function cannotBeMeasured(error: unknown): PiworkError {
  const why = error instanceof PiworkError ? error.message : "its directories could not be read.";
  return new PiworkError("LIMIT_EXCEEDED", `How much the task adds cannot be told, so it was stopped: ${why}`);
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
