import { PiworkError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { AnswerFrame } from "../protocol/rpc.ts";
import { deadline } from "./deadline.ts";

interface Waiting {
  line: string;
  /** times that it was sent, at most: on each link once */
  sent: number;
  resolve(result: unknown): void;
  reject(error: PiworkError): void;
  stopClock(): void;
}

/** Requests without an answer that are remembered: more than taskd ever runs. */
const MOST_UNANSWERED = 2 * LIMITS.rememberedIds;

/** The requests that wait for their answers. */
export class PendingRequests {
  readonly #waiting = new Map<string, Waiting>();
  /** answers that may still come although nobody waits for them: late ones, and of requests that were sent on several links */
  readonly #due = new Map<string, number>();

  get size(): number {
    return this.#waiting.size;
  }

  /** The lines to send again on a new link: each may bring another answer, but taskd does nothing twice for the same id. */
  sendAgain(): string[] {
    for (const waiting of this.#waiting.values()) waiting.sent++;
    return [...this.#waiting.values()].map(({ line }) => line);
  }

  wait(id: string, line: string, command: string, deadlineMs: number | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#settle(id, 0)?.reject(
          new PiworkError(
            "SWITCH_TIMEOUT",
            `The machine did not answer '${command}' within ${(deadlineMs ?? 0) / 1000} s; try again, or stop the task.`,
          ),
        );
      };
      const stopClock = deadline(deadlineMs, giveUp);
      this.#waiting.set(id, { line, sent: 1, resolve, reject, stopClock });
    });
  }

  /** Gives an answer to whoever waits for it; false for an answer to nothing that was asked. */
  answer(frame: AnswerFrame): boolean {
    if (frame.id === null) return false;
    const waiting = this.#settle(frame.id, 1);
    if (waiting === undefined) {
      const due = this.#due.get(frame.id) ?? 0;
      this.#expect(frame.id, due - 1);
      return due > 0;
    }
    if (frame.ok) waiting.resolve(frame.result);
    else waiting.reject(PiworkError.fromBody(frame.error));
    return true;
  }

  failAll(reason: PiworkError): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, 0)?.reject(reason);
  }

  #settle(id: string, answers: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    waiting.stopClock();
    this.#waiting.delete(id);
    this.#expect(id, waiting.sent - answers);
    return waiting;
  }

  #expect(id: string, answers: number): void {
    this.#due.delete(id);
    if (answers > 0) this.#due.set(id, answers);
    const [oldest] = this.#due.keys();
    if (this.#due.size > MOST_UNANSWERED && oldest !== undefined) this.#due.delete(oldest);
  }
}
