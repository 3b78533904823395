import { PiworkError } from "../../runtime/protocol/errors.ts";
import type { EventName, EventPayload, RuntimeEvent } from "../../runtime/protocol/events.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import type { AckFrame } from "../../runtime/protocol/rpc.ts";

export type Emit = <N extends EventName>(taskId: string | null, event: N, payload: EventPayload<N>) => Promise<void>;

/** The events on their way to the host. Each is kept until the host says that it has it, and sent again on a new link. */
export class Link {
  readonly #send: (line: string) => Promise<void>;
  readonly #unacked: { seq: number; line: string }[] = [];
  #unackedBytes = 0;
  #sent = 0;
  #acknowledged = 0;
  /** bytes of command output that were passed on, by request id */
  #taken: AckFrame["taken"] = {};
  #waiting: (() => void)[] = [];

  constructor(send: (line: string) => Promise<void>) {
    this.#send = send;
  }

  get counts(): { sent: number; acknowledged: number } {
    return { sent: this.#sent, acknowledged: this.#acknowledged };
  }

  /** Sends an event; resolves once there is room for another, so that whoever waits for it reads no faster than the host. */
  emit: Emit = async (taskId, event, payload) => {
    const seq = this.#sent + 1;
    const line = JSON.stringify({
      type: "event",
      event,
      timestamp: Date.now(),
      taskId,
      seq,
      payload,
    } as RuntimeEvent);
    if (Buffer.byteLength(line) >= LIMITS.lineBytes)
      throw new PiworkError("LIMIT_EXCEEDED", `An event would be longer than ${LIMITS.lineBytes} bytes.`);
    this.#sent = seq;
    this.#unacked.push({ seq, line });
    this.#unackedBytes += line.length;
    void this.#send(line);
    await this.#until(() => this.#unackedBytes <= LIMITS.unackedEventBytes);
  };

  /** Resolves once no more than a window's worth of a command's output is on its way. */
  async untilTaken(requestId: string, emittedBytes: number): Promise<void> {
    await this.#until(() => emittedBytes - (this.#taken[requestId] ?? 0) <= LIMITS.execWindowBytes);
  }

  acknowledge({ seq, taken }: AckFrame): void {
    if (seq > this.#sent) return; // of events that were never sent
    this.#taken = taken;
    this.#forget(seq);
  }

  /** Checks that what the host does not have is still here; gives what sends it again. */
  resume(afterSeq: number): () => void {
    if (afterSeq < this.#acknowledged || afterSeq > this.#sent)
      throw new PiworkError(
        "INVALID_REQUEST",
        `Events ${this.#acknowledged + 1} to ${this.#sent} can be sent again; those after ${afterSeq} were asked for.`,
      );
    this.#forget(afterSeq);
    // What is emitted until then goes out before the greeting is answered, and the host passes over it.
    return () => {
      for (const { line } of this.#unacked) void this.#send(line);
    };
  }

  #forget(seq: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, seq);
    let count = 0;
    for (const entry of this.#unacked) {
      if (entry.seq > seq) break;
      this.#unackedBytes -= entry.line.length;
      count++;
    }
    this.#unacked.splice(0, count);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
