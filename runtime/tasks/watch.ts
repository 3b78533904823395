import { deadline } from "../bridge/deadline.ts";
import { PiworkError } from "../protocol/errors.ts";
import type { RuntimeEvent } from "../protocol/events.ts";

/** Watches from now on for the first event that matches. */
export function watchFor<E extends RuntimeEvent>(
  subscribe: (listener: (event: RuntimeEvent) => void) => Disposable,
  matches: (event: RuntimeEvent) => event is E,
  { deadlineMs, doing }: { deadlineMs: number; doing: string },
): Disposable & { event: Promise<E> } {
  let found: (event: E) => void = () => {};
  let giveUp: () => void = () => {};
  const event = new Promise<E>((resolve, reject) => {
    found = resolve;
    giveUp = () =>
      reject(
        new PiworkError(
          "SWITCH_TIMEOUT",
          `${doing} took longer than ${deadlineMs / 1000} s; stop the task, then try again.`,
        ),
      );
  });
  event.catch(() => {}); // where the request itself fails, nobody waits for this any more
  const subscription = subscribe((seen) => {
    if (matches(seen)) found(seen);
  });
  const stopClock = deadline(deadlineMs, giveUp);
  return {
    event,
    [Symbol.dispose]() {
      stopClock();
      subscription[Symbol.dispose]();
    },
  };
}
