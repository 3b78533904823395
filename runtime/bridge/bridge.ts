import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { PiworkError } from "../protocol/errors.ts";
import { type RuntimeEvent, runtimeEvent } from "../protocol/events.ts";
import { LIMITS } from "../protocol/limits.ts";
import { LineSplitter, LineTooLong } from "../protocol/lines.ts";
import { parsePlainJson } from "../protocol/plain-json.ts";
import { answerFrame, type Command, commands, type Payload, type Result } from "../protocol/rpc.ts";

export interface BridgeObserver {
  event(event: RuntimeEvent): void;
  /** the guest said something that the protocol does not know */
  violation(what: string): void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: PiworkError): void;
  timer: NodeJS.Timeout | undefined;
}

/** The host's end of the wire to one taskd. Everything that comes out of it has been checked against the schemas. */
export class Bridge {
  readonly #socket: Socket;
  readonly #observer: BridgeObserver;
  readonly #waiting = new Map<string, Waiting>();
  /** Resolves when the link is gone for good. */
  readonly closed: Promise<void>;
  #closed = false;

  constructor(socket: Socket, observer: BridgeObserver) {
    this.#socket = socket;
    this.#observer = observer;
    const splitter = new LineSplitter(LIMITS.lineBytes);
    socket.on("data", (chunk: Buffer) => {
      for (const line of splitter.push(chunk)) this.#receive(line);
    });
    socket.on("error", () => socket.destroy());
    this.closed = new Promise((resolve) => socket.on("close", resolve));
    void this.closed.then(() => this.#close());
  }

  /** Sends a request and waits for its answer, at most `deadlineMs` (for ever without one). */
  async request<C extends Command>(
    command: C,
    payload: Payload<C>,
    options: { deadlineMs?: number; id?: string } = {},
  ): Promise<Result<C>> {
    const id = options.id ?? randomUUID();
    const line = JSON.stringify({ id, type: command, payload });
    if (Buffer.byteLength(line) >= LIMITS.lineBytes)
      throw new PiworkError("LIMIT_EXCEEDED", `A request has at most ${LIMITS.lineBytes} bytes.`);
    const result = await new Promise<unknown>((resolve, reject) => {
      if (this.#closed) return reject(gone());
      const timer =
        options.deadlineMs === undefined
          ? undefined
          : setTimeout(() => {
              this.#waiting.delete(id);
              reject(
                new PiworkError(
                  "SWITCH_TIMEOUT",
                  `The machine did not answer '${command}' within ${options.deadlineMs} ms.`,
                ),
              );
            }, options.deadlineMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#socket.write(`${line}\n`);
    });
    const parsed = commands[command].result.safeParse(result);
    if (!parsed.success)
      throw new PiworkError("INTERNAL_ERROR", `The machine's answer to '${command}' is not what the protocol says.`, {
        cause: parsed.error,
      });
    return parsed.data as Result<C>;
  }

  close(): void {
    this.#socket.destroy();
    this.#close();
  }

  #close(): void {
    this.#closed = true;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(gone());
    }
    this.#waiting.clear();
  }

  #receive(line: string | LineTooLong): void {
    if (line instanceof LineTooLong) return this.#observer.violation(line.message);
    const value = parsePlainJson(line);
    if (value === undefined) return this.#observer.violation("a line is not JSON, or nested too deep");
    const event = runtimeEvent.safeParse(value);
    if (event.success) return this.#observer.event(event.data);
    const answer = answerFrame.safeParse(value);
    if (!answer.success) return this.#observer.violation("a line is neither an answer nor an event");
    const waiting = answer.data.id === null ? undefined : this.#waiting.get(answer.data.id);
    if (waiting === undefined) return this.#observer.violation("an answer to nothing that was asked");
    clearTimeout(waiting.timer);
    this.#waiting.delete(answer.data.id as string);
    if (answer.data.ok) waiting.resolve(answer.data.result);
    else waiting.reject(PiworkError.fromBody(answer.data.error));
  }
}

function gone(): PiworkError {
  return new PiworkError("TASK_NOT_READY", "The machine is gone; the next request starts another one.");
}
