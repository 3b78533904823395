import type { RuntimeEvent } from "../protocol/events.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { AckFrame } from "../protocol/rpc.ts";
import { ProtocolViolation } from "../protocol/violation.ts";

/** Time an event may be unacknowledged, in milliseconds. */
const ACK_AFTER_MS = 50;
/** Bytes of events, or of output that was passed on, after which an acknowledgement is due at once. */
const ACK_AFTER_BYTES = 256 * 1024;

/** Which events this side has, in order and once each, and when to say so. */
export class Receipts {
  #owedBytes = 0;
  /** of events that came again since the last greeting */
  #repeatedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #taken = new Map<string, number>();
  readonly #acknowledge: (frame: AckFrame) => void;

  /** `lastSeq` is the last event that needs not be sent any more. */
  constructor(
    public lastSeq: number,
    acknowledge: (frame: AckFrame) => void,
  ) {
    this.#acknowledge = acknowledge;
  }

  /** taskd has greeted: what it has no acknowledgement for comes again. */
  greeted(): void {
    this.#repeatedBytes = 0;
  }

  /** Whether an arriving event is the next one, and not one that was there before. */
  take(event: RuntimeEvent, bytes: number): boolean {
    if (event.seq <= this.lastSeq) {
      this.#repeatedBytes += bytes;
      if (this.#repeatedBytes > LIMITS.unackedEventBytes) throw new ProtocolViolation("the same events without end");
      return false;
    }
    if (event.seq > this.lastSeq + 1) throw new ProtocolViolation(`event ${event.seq} came after ${this.lastSeq}`);
    this.lastSeq = event.seq;
    this.#owe(bytes);
    return true;
  }

  /** Output of a command was passed on to whoever asked for it. */
  took(requestId: string, bytes: number): void {
    this.#taken.set(requestId, (this.#taken.get(requestId) ?? 0) + bytes);
    this.#owe(bytes);
  }

  /** The command has ended: nothing of it is under way any more. */
  forget(requestId: string): void {
    this.#taken.delete(requestId);
  }

  send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#owedBytes = 0;
    this.#acknowledge({ type: "ack", seq: this.lastSeq, taken: Object.fromEntries(this.#taken) });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #owe(bytes: number): void {
    this.#owedBytes += bytes;
    if (this.#owedBytes >= ACK_AFTER_BYTES) this.send();
    else this.#timer ??= setTimeout(() => this.send(), ACK_AFTER_MS);
  }
}
