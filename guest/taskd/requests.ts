import { isDeepStrictEqual } from "node:util";
import { type ErrorBody, invalidRequest, PiworkError, toErrorBody } from "../../runtime/protocol/errors.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { LineTooLong } from "../../runtime/protocol/lines.ts";
import { MESSAGE_DEPTH, parsePlainJson } from "../../runtime/protocol/plain-json.ts";
import {
  type AckFrame,
  type AnswerFrame,
  ackFrame,
  type Command,
  commands,
  isCommand,
  type Payload,
  type RequestFrame,
  type Result,
  requestFrame,
} from "../../runtime/protocol/rpc.ts";

/** What a command gives: its answer, and what happens only after the answer is on its way. */
export interface Reply<R> {
  result: R;
  after?: () => void;
}

export type Handlers = {
  [C in Command]: (payload: Payload<C>, requestId: string) => Reply<Result<C>> | Promise<Reply<Result<C>>>;
};

interface Remembered {
  /** the request as it came: parsed, it can take thirty times the memory */
  request: string;
  answer: Promise<string>;
  /** bytes of the request and, once there is one, of the answer */
  bytes: number;
  isAnswered: boolean;
}

/** Answers requests, each id once: the same request again gets the same answer without a second effect. */
export class RememberedRequests {
  readonly #handlers: Handlers;
  readonly #send: (line: string) => Promise<void>;
  readonly #acknowledge: (ack: AckFrame) => void;
  readonly #remembered = new Map<string, Remembered>();
  #rememberedBytes = 0;
  /** settles once the last greeting has been dealt with */
  #greeted: Promise<unknown> = Promise.resolve();

  constructor(handlers: Handlers, send: (line: string) => Promise<void>, acknowledge: (ack: AckFrame) => void) {
    this.#handlers = handlers;
    this.#send = send;
    this.#acknowledge = acknowledge;
  }

  async receive(line: string | LineTooLong): Promise<void> {
    // The host ends what an earlier link may have left half said.
    if (line === "") return;
    const value = line instanceof LineTooLong ? undefined : parsePlainJson(line);
    if (isAck(value)) {
      const ack = ackFrame.safeParse(value);
      if (ack.success) return this.#acknowledge(ack.data);
    }
    const frame = parseFrame(line, value);
    if (frame instanceof PiworkError) return this.#send(refusal(idOf(line), frame.toBody()));
    const refuse = (error: PiworkError) => this.#send(refusal(frame.id, error.toBody()));
    const known = this.#remembered.get(frame.id);
    if (known !== undefined) {
      if (isSame(known.request, line as string, value)) return this.#send(await known.answer);
      return refuse(new PiworkError("INVALID_REQUEST", "This id was used for another request; use a new one."));
    }
    if (this.#makeRoom()) return this.#run(frame, line as string);
    const why = `${LIMITS.rememberedIds} requests are running; wait for some to end.`;
    return refuse(new PiworkError("LIMIT_EXCEEDED", why));
  }

  async #run(frame: RequestFrame, request: string): Promise<void> {
    let settle: (answer: string) => void = () => {};
    const entry: Remembered = {
      request,
      bytes: request.length,
      isAnswered: false,
      answer: new Promise((resolve) => (settle = resolve)),
    };
    this.#remembered.set(frame.id, entry);
    const { line, after } = await this.#answer(frame);
    entry.bytes += line.length;
    entry.isAnswered = true;
    this.#rememberedBytes += entry.bytes;
    this.#makeRoom();
    settle(line);
    const sent = this.#send(line);
    after?.();
    await sent;
  }

  async #answer(frame: RequestFrame): Promise<{ line: string; after?: (() => void) | undefined }> {
    try {
      if (!isCommand(frame.type)) throw new PiworkError("INVALID_REQUEST", "There is no such command.");
      const { result, after } = await this.#dispatch(frame.type, frame);
      const line = JSON.stringify({ id: frame.id, ok: true, result } satisfies AnswerFrame);
      if (Buffer.byteLength(line) >= LIMITS.lineBytes)
        throw new PiworkError("LIMIT_EXCEEDED", `The answer would have more than ${LIMITS.lineBytes} bytes.`);
      return { line, after };
    } catch (error) {
      if (!(error instanceof PiworkError)) console.error(`taskd: ${frame.type} failed:`, error);
      return { line: refusal(frame.id, toErrorBody(error, `doing ${frame.type.slice(0, 64)}`)) };
    }
  }

  async #dispatch<C extends Command>(command: C, frame: RequestFrame): Promise<Reply<Result<C>>> {
    const payload = commands[command].payload.safeParse(frame.payload);
    if (!payload.success) throw invalidRequest(`the payload of ${command}`, payload.error);
    const handle = () => this.#handlers[command](payload.data as Payload<C>, frame.id);
    // What comes behind a greeting finds the clock set.
    const before = this.#greeted;
    if (command !== "runtime_hello") return before.then(handle);
    const greeting = before.then(handle);
    this.#greeted = greeting.catch(() => {});
    return greeting;
  }

  /** Forgets the oldest answered ids until there is room for one more; a running request is never forgotten. */
  #makeRoom(): boolean {
    const over = () => this.#remembered.size >= LIMITS.rememberedIds || this.#rememberedBytes > LIMITS.rememberedBytes;
    for (const [id, entry] of this.#remembered) {
      if (!over()) return true;
      if (!entry.isAnswered) continue;
      this.#remembered.delete(id);
      this.#rememberedBytes -= entry.bytes;
    }
    return !over();
  }
}

/** Whether it is meant as an acknowledgement; to look at every line as one with its schema would cost a clone a quarter of its first answer. */
function isAck(value: unknown): boolean {
  return typeof value === "object" && value !== null && "type" in value && value.type === "ack" && !("id" in value);
}

/** Whether a line, which says `value`, is a request that came before. Long ones are not compared value by value: all tasks would wait. */
function isSame(before: string, line: string, value: unknown): boolean {
  if (line === before) return true;
  if (Math.max(line.length, before.length) > LIMITS.comparedCharacters) return false;
  return isDeepStrictEqual(parsePlainJson(before), value);
}

function parseFrame(line: string | LineTooLong, value: unknown): RequestFrame | PiworkError {
  if (line instanceof LineTooLong)
    return new PiworkError("LIMIT_EXCEEDED", `A line has at most ${LIMITS.lineBytes} bytes.`);
  if (value === undefined) {
    return new PiworkError(
      "INVALID_REQUEST",
      `A request is JSON, at most ${MESSAGE_DEPTH} levels deep, without '__proto__'.`,
    );
  }
  const parsed = requestFrame.safeParse(value);
  return parsed.success ? parsed.data : invalidRequest("the request", parsed.error);
}

/** A refused frame may still carry a usable id, and its sender waits for that one. */
function idOf(line: string | LineTooLong): string | null {
  if (line instanceof LineTooLong) return null;
  try {
    const id = requestFrame.shape.id.safeParse((JSON.parse(line) as { id?: unknown } | null)?.id);
    return id.success ? id.data : null;
  } catch {
    return null;
  }
}

function refusal(id: string | null, error: ErrorBody): string {
  return JSON.stringify({ id, ok: false, error } satisfies AnswerFrame);
}
