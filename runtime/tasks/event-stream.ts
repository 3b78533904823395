import { deadline } from "../bridge/deadline.ts";
import { PiworkError } from "../protocol/errors.ts";
import type { EventName, EventOf, RuntimeEvent } from "../protocol/events.ts";

/** Events of any task, request and name that is not given. */
export interface EventFilter<N extends EventName = EventName> {
  task?: string | undefined;
  /** id of the request that the event is about */
  request?: string;
  names?: readonly N[];
}

/** An event as its sender describes it; the stream gives it the runtime's time and number. */
type Announcement = RuntimeEvent extends infer E
  ? E extends RuntimeEvent
    ? Pick<E, "event" | "taskId" | "payload">
    : never
  : never;

/** The events of a runtime, from all of its machines, in one order. */
export class EventStream {
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  #lastSeq = 0;

  /** Number of the last event. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  publish(announcement: Announcement): void {
    const event: RuntimeEvent = { ...announcement, type: "event", timestamp: Date.now(), seq: ++this.#lastSeq };
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Passes on each event from now on that matches. */
  subscribe<N extends EventName>(filter: EventFilter<N>, listener: (event: EventOf<N>) => void): Disposable {
    const listen = (event: RuntimeEvent) => {
      if (matches(event, filter)) listener(event);
    };
    this.#listeners.add(listen);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listen) };
  }

  /** Waits for the first event from now on that matches. */
  next<N extends EventName>(
    filter: EventFilter<N>,
    { deadlineMs, doing }: { deadlineMs: number; doing: string },
  ): Disposable & { event: Promise<EventOf<N>> } {
    let stop = () => {};
    const event = new Promise<EventOf<N>>((resolve, reject) => {
      const subscription = this.subscribe(filter, resolve);
      const late = `${doing} took longer than ${deadlineMs / 1000} s; stop the task, then try again.`;
      const stopClock = deadline(deadlineMs, () => reject(new PiworkError("SWITCH_TIMEOUT", late)));
      stop = () => {
        stopClock();
        subscription[Symbol.dispose]();
      };
    });
    event.catch(() => {}); // where the request itself fails, nobody waits for its event
    return { event, [Symbol.dispose]: () => stop() };
  }
}

function matches<N extends EventName>(
  event: RuntimeEvent,
  { task, request, names }: EventFilter<N>,
): event is EventOf<N> {
  if (task !== undefined && event.taskId !== task) return false;
  if (request !== undefined && !("requestId" in event.payload && event.payload.requestId === request)) return false;
  return names === undefined || names.some((name) => name === event.event);
}
