import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Polls until `look` gives something; says what it waited for when it never does. */
export async function waitFor<T>(
  what: string,
  deadlineMs: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${deadlineMs / 1000} s for ${what}`);
    await delay(25);
  }
}

/** Waits until a process is gone. */
export function waitForEnd(pid: number, what: string, deadlineMs = 10_000): Promise<boolean> {
  return waitFor(`the end of ${what} (process ${pid})`, deadlineMs, () => !existsSync(`/proc/${pid}`) || undefined);
}
