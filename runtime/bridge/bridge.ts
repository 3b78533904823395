import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { PiworkError } from "../protocol/errors.ts";
import { type EventName, machineEvent, type RuntimeEvent } from "../protocol/events.ts";
import type { GivenFiles } from "../protocol/given-files.ts";
import { LIMITS } from "../protocol/limits.ts";
import { LineSplitter, LineTooLong } from "../protocol/lines.ts";
import { parsePlainJson } from "../protocol/plain-json.ts";
import { type AnswerFrame, answerFrame, type Command, commands, type Payload, type Result } from "../protocol/rpc.ts";
import { ProtocolViolation } from "../protocol/violation.ts";
import { deadline } from "./deadline.ts";
import { greeting } from "./greeting.ts";
import { takeInPortions } from "./portions.ts";
import { Pulse } from "./pulse.ts";
import { Receipts } from "./receipts.ts";
import { PendingRequests } from "./requests.ts";

/** Time a machine has to greet on a link that was made anew, in milliseconds. */
const GREETING_DEADLINE_MS = 15_000;
/** Time a sign of life may take, in milliseconds; longer than the patience of whoever waits for one. */
const BEAT_DEADLINE_MS = 60_000;
/** Before a link is made anew, in milliseconds; longer with each one that brought nothing, up to the longest. */
const RETRY_AFTER_MS = 20;
const LONGEST_RETRY_MS = 1_000;
/** Links that brought nothing, one after the other, after which the machine is given up: 20 s at least. */
const FRUITLESS_LINKS = 30;

/** Commands after which taskd tells what became of a task or a turn. */
const TOLD_OF: ReadonlySet<Command> = new Set(["create_or_open_task", "switch_task", "prompt", "stop_task"]);
/** Events that agents and commands cause, as many as they like; all others come of such a command. */
const UNASKED: ReadonlySet<EventName> = new Set([
  "agent_output",
  "exec_output",
  "extension_ui_request",
  "runtime_warning",
]);
/** Commands of which a machine may have to tell that was asked by somebody else before. */
const EARLIER_COMMANDS = 4;

export interface BridgeObserver {
  /** throws a ProtocolViolation where no taskd says this */
  event(event: RuntimeEvent): void;
  /** the machine broke the protocol, and is ended for that; once at most */
  violation(what: string): void;
  /** the machine stopped answering, or answers again */
  responsive(isSo: boolean): void;
  /** something is about to be said to the machine, which may have been paused */
  rouse(): void;
  /** the time that the machine is told, in milliseconds since the epoch */
  now(): number;
}

/**
 * The host's end of the wire to one taskd. Everything that comes out of it has been checked against the schemas; a link that
 * breaks is made anew, and no request or event is lost or doubled by that.
 */
export class Bridge {
  readonly #connect: () => Promise<Socket>;
  readonly #observer: BridgeObserver;
  readonly #requests = new PendingRequests();
  readonly #receipts: Receipts;
  readonly #pulse: Pulse;
  #socket: Socket | undefined;
  /** what the present link waits for before anything else is said on it */
  #greeting: "awaited" | { id: string; resolve(answer: AnswerFrame): void } | undefined = "awaited";
  #fruitless = 0;
  #links = 0;
  /** bytes of earlier links that came on this one */
  #restBytes = 0;
  /** events that what was asked of the machine may still bring */
  #eventsDue = EARLIER_COMMANDS * LIMITS.eventsPerRequest;
  /** how many requests there were so far */
  requestsMade = 0;
  /** why the link is gone, once it is */
  closedFor: PiworkError | undefined;
  #resolveClosed: () => void = () => {};
  /** Resolves when the link is gone for good. */
  readonly closed = new Promise<void>((resolve) => {
    this.#resolveClosed = resolve;
  });

  /** `lastSeq` is the last event of the machine that somebody else has had, where it is a clone. */
  constructor(connect: () => Promise<Socket>, observer: BridgeObserver, lastSeq = 0) {
    this.#receipts = new Receipts(lastSeq, (frame) => this.#write(JSON.stringify(frame)));
    this.#connect = connect;
    this.#observer = observer;
    this.#pulse = new Pulse({
      beat: () => void this.request("runtime_get_state", {}, { deadlineMs: BEAT_DEADLINE_MS }).catch(() => {}),
      responsive: (isSo) => observer.responsive(isSo),
      dead: (words) => this.close(new PiworkError("PI_PROCESS_DEAD", words)),
    });
  }

  /** The first link; the machine is told of these files. */
  async open(files: GivenFiles | null): Promise<Result<"runtime_hello">> {
    const hello = await this.#link(files);
    this.#pulse.start();
    return hello;
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
    if (this.closedFor !== undefined) throw gone();
    this.requestsMade++;
    this.#observer.rouse();
    if (TOLD_OF.has(command)) this.#eventsDue += LIMITS.eventsPerRequest;
    const answer = this.#requests.wait(id, line, command, options.deadlineMs);
    if (this.#greeting === undefined) this.#write(line);
    return parseResult(command, await answer);
  }

  /** Whether an answer is waited for. */
  get isWaiting(): boolean {
    return this.#requests.size > 0;
  }

  /** A machine that is paused says nothing, which is no sign of death. */
  pause(): void {
    this.#pulse.stop();
  }

  /** It goes on, and learns what time it is before whatever is asked of it next. */
  resume(): void {
    this.#pulse.start();
    this.wake().catch(() => {}); // with the link, which is noticed elsewhere
  }

  /** Number of the last event that came. */
  get lastSeq(): number {
    return this.#receipts.lastSeq;
  }

  /** Sets the machine's clock again, before whatever is asked of it next. */
  async wake(): Promise<void> {
    await this.request("runtime_hello", greeting(null, this.#receipts.lastSeq, this.#observer.now()));
    this.#receipts.greeted();
  }

  /** Output of a command reached whoever asked for it; the machine holds back more than a window's worth. */
  took(requestId: string, bytes: number): void {
    this.#receipts.took(requestId, bytes);
  }

  /** No more of this command's output is expected. */
  tookAll(requestId: string): void {
    this.#receipts.forget(requestId);
  }

  /** The machine broke the protocol: the link goes for good, and the machine with it. */
  breakOff(what: string): void {
    if (this.closedFor !== undefined) return;
    this.#observer.violation(what);
    this.close(new PiworkError("PI_PROCESS_DEAD", `The machine broke the protocol and was ended: ${what}.`));
  }

  close(reason = gone()): void {
    if (this.closedFor !== undefined) return;
    this.closedFor = reason;
    this.#pulse.stop();
    this.#receipts.stop();
    this.#socket?.destroy();
    this.#requests.failAll(reason);
    this.#resolveClosed();
  }

  /** Connects, greets, and asks for what was missed. Resolves when the machine has greeted back. */
  async #link(files: GivenFiles | null, deadlineMs?: number): Promise<Result<"runtime_hello">> {
    const socket = await this.#connect();
    if (this.closedFor !== undefined) {
      socket.destroy();
      throw gone();
    }
    this.#socket = socket;
    const splitter = new LineSplitter(LIMITS.lineBytes);
    this.#restBytes = 0;
    takeInPortions(socket, {
      cut: (chunk) => {
        this.#pulse.heard();
        if (this.#greeting !== undefined) this.#restBytes += chunk.length;
        return splitter.push(chunk);
      },
      take: (line) => (this.#greeting === undefined ? this.#receive(line) : this.#awaitGreeting(line)),
      broken: (what) => this.breakOff(what),
    });
    socket.on("error", () => socket.destroy());
    const hello = await this.#greet(socket, files, deadlineMs);
    socket.on("close", () => void this.#relink());
    for (const line of this.#requests.sendAgain()) this.#write(line);
    this.#receipts.greeted();
    this.#receipts.send();
    return hello;
  }

  async #greet(
    socket: Socket,
    files: GivenFiles | null,
    deadlineMs: number | undefined,
  ): Promise<Result<"runtime_hello">> {
    const id = randomUUID();
    const payload = greeting(files, this.#receipts.lastSeq, this.#observer.now());
    // The first newline ends what an earlier link may have left half said.
    socket.write(`\n${JSON.stringify({ id, type: "runtime_hello", payload })}\n`);
    const stopClock = deadline(deadlineMs, () => socket.destroy());
    try {
      const answer = await new Promise<AnswerFrame>((resolve, reject) => {
        this.#greeting = { id, resolve };
        socket.once("close", () => reject(gone()));
      });
      if (!answer.ok) throw PiworkError.fromBody(answer.error);
      return parseResult("runtime_hello", answer.result);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      stopClock();
    }
  }

  async #relink(): Promise<void> {
    while (this.closedFor === undefined) {
      this.#greeting = "awaited";
      if (this.#fruitless++ >= FRUITLESS_LINKS || ++this.#links >= LIMITS.machineLinks) {
        const words = "The link to the machine broke and could not be made again.";
        return this.close(new PiworkError("PI_PROCESS_DEAD", words));
      }
      try {
        await delay(Math.min(RETRY_AFTER_MS * 2 ** (this.#fruitless - 1), LONGEST_RETRY_MS));
        await this.#link(null, GREETING_DEADLINE_MS);
        return;
      } catch {
        // Tried again. QEMU may be ending: then its owner closes the bridge.
      }
    }
  }

  #write(line: string): void {
    if (this.#socket?.writable) this.#socket.write(`${line}\n`);
  }

  /** Before the greeting is answered come the rests of an earlier link: anything, cut anywhere. */
  #awaitGreeting(line: string | LineTooLong): void {
    if (this.#restBytes > LIMITS.linkRestBytes)
      throw new ProtocolViolation(`it said more than ${LIMITS.linkRestBytes} bytes before it greeted`);
    const greeting = this.#greeting;
    if (typeof greeting !== "object" || line instanceof LineTooLong || !line.includes(greeting.id)) return;
    const answer = answerFrame.safeParse(parsePlainJson(line));
    if (!answer.success || answer.data.id !== greeting.id) return;
    this.#greeting = undefined;
    greeting.resolve(answer.data);
  }

  #receive(line: string | LineTooLong): void {
    if (line instanceof LineTooLong) throw new ProtocolViolation(line.message);
    const value = parsePlainJson(line);
    const answer = answerFrame.safeParse(value);
    if (answer.success) {
      if (!this.#requests.answer(answer.data)) throw new ProtocolViolation("an answer to nothing that was asked");
      this.#fruitless = 0;
      return;
    }
    const event = machineEvent.safeParse(value);
    if (!event.success) throw new ProtocolViolation("a line is neither an answer nor an event");
    if (!this.#receipts.take(event.data, Buffer.byteLength(line))) return;
    if (!UNASKED.has(event.data.event) && --this.#eventsDue < 0)
      throw new ProtocolViolation(`'${event.data.event}' of nothing that was asked`);
    this.#fruitless = 0;
    this.#observer.event(event.data);
  }
}

function parseResult<C extends Command>(command: C, result: unknown): Result<C> {
  const parsed = commands[command].result.safeParse(result);
  if (parsed.success) return parsed.data as Result<C>;
  throw new PiworkError("INTERNAL_ERROR", `The machine's answer to '${command}' is not what the protocol says.`, {
    cause: parsed.error,
  });
}

function gone(): PiworkError {
  return new PiworkError("TASK_NOT_READY", "The machine is gone; the next request starts another one.");
}
