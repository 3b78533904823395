import { PiworkError } from "../protocol/errors.ts";
import type { AnswerFrame } from "../protocol/rpc.ts";
import { deadline } from "./deadline.ts";

interface Waiting {
  line: string;
  resolve(result: unknown): void;
  reject(error: PiworkError): void;
  stopClock(): void;
}

/** Answered ids that are remembered, because a second answer may follow a new link. */
const ANSWERED = 2048;

/** The requests that wait for their answers. */
export class PendingRequests {
  readonly #waiting = new Map<string, Waiting>();
  readonly #answered = new Set<string>();

  /** The lines to send again on a new link; taskd does nothing twice for the same id. */
  get lines(): string[] {
    return [...this.#waiting.values()].map(({ line }) => line);
  }

  wait(id: string, line: string, command: string, deadlineMs: number | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#settle(id)?.reject(
          new PiworkError(
            "SWITCH_TIMEOUT",
            `The machine did not answer '${command}' within ${(deadlineMs ?? 0) / 1000} s; try again, or stop the task.`,
          ),
        );
      };
      const stopClock = deadline(deadlineMs, giveUp);
      this.#waiting.set(id, { line, resolve, reject, stopClock });
    });
  }

  /** Gives an answer to whoever waits for it; false for an answer to nothing that was asked. */
  answer(frame: AnswerFrame): boolean {
    if (frame.id === null) return false;
    const waiting = this.#settle(frame.id);
    if (waiting === undefined) return this.#answered.has(frame.id);
    if (frame.ok) waiting.resolve(frame.result);
    else waiting.reject(PiworkError.fromBody(frame.error));
    return true;
  }

  failAll(reason: PiworkError): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(reason);
  }

  #settle(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    waiting.stopClock();
    this.#waiting.delete(id);
    this.#answered.add(id);
    const [oldest] = this.#answered;
    if (this.#answered.size > ANSWERED && oldest !== undefined) this.#answered.delete(oldest);
    return waiting;
  }
}
