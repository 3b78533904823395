import type { Client } from "../runtime/control/client.ts";
import type { RuntimeEvent } from "../runtime/protocol/events.ts";
import { waitFor } from "./piwork.ts";

/** Every event of a runtime from now on. */
export class EventTape {
  readonly events: RuntimeEvent[] = [];
  /** events of any kind, streams cut short by the end of the runtime included */
  readonly ended: Promise<void>;

  private constructor(stream: AsyncGenerator<RuntimeEvent | { type: "subscribed" }>) {
    this.ended = this.#follow(stream).catch(() => {}); // the runtime ended
  }

  static async open(client: Client): Promise<EventTape> {
    const stream = client.stream("events", {});
    await stream.next(); // it says from where on it is complete
    return new EventTape(stream);
  }

  /** The first event from `from` on that matches. */
  waitFor(what: string, matches: (event: RuntimeEvent) => boolean, deadlineMs = 60_000): Promise<RuntimeEvent> {
    return waitFor(what, deadlineMs, () => this.events.find(matches));
  }

  async #follow(stream: AsyncGenerator<RuntimeEvent | { type: "subscribed" }>): Promise<void> {
    for await (const item of stream) if (item.type === "event") this.events.push(item);
  }
}
