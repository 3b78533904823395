import type { Client } from "../../runtime/control/client.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { waitFor } from "../host/wait-for.ts";

/** Time in which an event that is waited for comes, in milliseconds. */
const EVENT_DEADLINE_MS = 60_000;

/** Every event of a task from now on. */
export class EventTape {
  readonly events: RuntimeEvent[] = [];
  private constructor(stream: AsyncGenerator<RuntimeEvent | { type: "subscribed" }>) {
    this.#follow(stream).catch(() => {}); // the runtime ended
  }

  static async open(client: Client, task: string): Promise<EventTape> {
    const stream = client.stream("events", { task });
    await stream.next(); // it says from where on it is complete
    return new EventTape(stream);
  }

  /** The first event that matches. */
  waitFor(what: string, matches: (event: RuntimeEvent) => boolean): Promise<RuntimeEvent> {
    return waitFor(what, EVENT_DEADLINE_MS, () => this.events.find(matches));
  }

  async #follow(stream: AsyncGenerator<RuntimeEvent | { type: "subscribed" }>): Promise<void> {
    for await (const item of stream) if (item.type === "event") this.events.push(item);
  }
}
