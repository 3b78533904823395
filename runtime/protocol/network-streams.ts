import { Duplex } from "node:stream";
import { LIMITS } from "./limits.ts";
import { encodeCredit, encodeFrame, type Frame, type FrameKind, FrameSplitter } from "./network-frames.ts";
import { ProtocolViolation } from "./violation.ts";

/** Less than this is not worth a frame of its own; and a reader that has less than this left is asked for more. */
const LEAST_CREDIT = LIMITS.networkFirstWindowBytes / 2;
/** Streams that may all have the large window at once. */
const FEW_STREAMS = LIMITS.networkStreams;
/** As many streams as taskd ever has open. */
export const MOST_STREAMS = LIMITS.machineNetworkStreams + LIMITS.tasksPerTaskd * LIMITS.assuredNetworkStreams;

/** A piece that is shorter than this, in bytes, is not kept by itself; so many bytes of them are kept together. */
const LEAST_PIECE = 4096;
const PIECES_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

export interface StreamsParts {
  /** sends bytes to the other end; `sent` is called once they left */
  send(bytes: Buffer, sent?: () => void): void;
  /** the other end opened a stream for this task; without it, it must not */
  opened?: (stream: NetworkStream, task: string) => void;
  /** the other end is new, and all streams are gone */
  greeted?: () => void;
}

/** The connections on one link, at either end of it. Each has windows of its own: one that nobody reads holds up no other. */
export class NetworkStreams {
  readonly #parts: StreamsParts;
  readonly #splitter = new FrameSplitter();
  readonly #streams = new Map<number, NetworkStream>();
  /** streams that ended here, and of which the other end may not have heard that yet: it has no more of them */
  readonly #left = new Map<number, Allowance>();
  #last = 0;

  constructor(parts: StreamsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Says to the other end that no stream is there. */
  greet(): void {
    this.#parts.send(encodeFrame("hello", 0));
  }

  open(task: string): NetworkStream {
    const stream = this.#make(this.#last + 1);
    this.#parts.send(encodeFrame("open", stream.id, Buffer.from(task)));
    return stream;
  }

  /** Takes what came from the other end. Throws a ProtocolViolation where that is not what it can say. */
  receive(chunk: Buffer): void {
    for (const frame of this.cut(chunk)) this.take(frame);
  }

  /** The frames that a chunk ends, one by one; all of them are taken before those of the next chunk. */
  cut(chunk: Buffer): Generator<Frame> {
    return this.#splitter.push(chunk);
  }

  /** All streams are gone, and the other end knows. */
  forgetAll(): void {
    for (const stream of [...this.#streams.values()]) stream.lose();
  }

  take({ kind, stream: id, payload }: Frame): void {
    if (kind === "hello") {
      if (this.#parts.greeted === undefined) throw new ProtocolViolation("a greeting from the end that is greeted");
      this.forgetAll();
      return this.#parts.greeted();
    }
    if (kind === "open") {
      const { opened } = this.#parts;
      if (opened === undefined || id <= this.#last) throw new ProtocolViolation(`stream ${id} cannot be opened`);
      return opened(this.#make(id), payload.toString("latin1"));
    }
    const stream = this.#streams.get(id);
    if (stream !== undefined) return stream.hear(kind, payload);
    if (id > this.#last) throw new ProtocolViolation(`stream ${id} was never opened`);
    // What a machine opens and resets while the host is busy is not bounded, so the machine cannot know what the host has heard of.
    if (this.#parts.opened === undefined) return;
    const allowance = this.#left.get(id);
    if (allowance === undefined) throw new ProtocolViolation(`stream ${id} is gone at both ends`);
    allowance.take(kind, payload);
    if (kind === "reset") this.#left.delete(id);
  }

  /** Both ends have forgotten a stream, or the other one has something of it on its way at most. */
  #forget(id: number, left: Allowance | undefined): void {
    this.#streams.delete(id);
    if (left === undefined || this.#parts.opened === undefined) return;
    this.#left.set(id, left);
    const [oldest] = this.#left.keys();
    if (this.#left.size > MOST_STREAMS && oldest !== undefined) this.#left.delete(oldest);
  }

  #make(id: number): NetworkStream {
    this.#last = id;
    const stream = new NetworkStream(id, {
      send: (bytes, sent) => this.#parts.send(bytes, sent),
      gone: (left) => this.#forget(id, left),
      window: () => (this.#streams.size > FEW_STREAMS ? LIMITS.networkFirstWindowBytes : LIMITS.networkWindowBytes),
    });
    this.#streams.set(id, stream);
    return stream;
  }
}

type StreamFrame = Exclude<FrameKind, "hello" | "open">;

/** What the other end may still say of a stream, and how much may still be said to it. */
class Allowance {
  /** bytes that the other end may still send, and that may still be sent to it */
  granted: number = LIMITS.networkFirstWindowBytes;
  credit: number = LIMITS.networkFirstWindowBytes;
  isOver = false;
  readonly #id: number;

  constructor(id: number) {
    this.#id = id;
  }

  take(kind: StreamFrame, payload: Buffer): void {
    const refuse = (what: string) => new ProtocolViolation(`stream ${this.#id} ${what}`);
    if (kind === "credit") {
      const more = payload.readUInt32BE();
      this.credit += more;
      if (more < LEAST_CREDIT) throw refuse("is granted too little to say so");
      if (this.credit > LIMITS.networkWindowBytes) throw refuse("is granted too much");
    } else if (kind !== "reset") {
      if (this.isOver) throw refuse(kind === "end" ? "ends twice" : "goes on after its end");
      this.granted -= payload.length;
      if (this.granted < 0) throw refuse("sends more than it was granted");
      this.isOver = kind === "end";
    }
  }
}

interface StreamParts {
  send(bytes: Buffer, sent?: () => void): void;
  /** it is gone here; at the other end too, unless something is left that may still come */
  gone(left: Allowance | undefined): void;
  /** bytes that the other end may have on their way here */
  window(): number;
}

/** One connection. Where the other end is reset, it is destroyed with an error. */
export class NetworkStream extends Duplex {
  readonly id: number;
  readonly #parts: StreamParts;
  readonly #allowance: Allowance;
  /** what waits for credit */
  #waiting: { bytes: Buffer; done: () => void } | undefined;
  /** small pieces that came while nobody read, one behind the other */
  #small: { bytes: Buffer; length: number } = { bytes: NOTHING, length: 0 };
  #isOverHere = false;
  #isLost = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(id: number, parts: StreamParts) {
    super({ allowHalfOpen: true, readableHighWaterMark: LEAST_CREDIT, writableHighWaterMark: LEAST_CREDIT });
    this.id = id;
    this.#parts = parts;
    this.#allowance = new Allowance(id);
  }

  /** The other end said this of it. */
  hear(kind: StreamFrame, payload: Buffer): void {
    this.#timer?.refresh();
    this.#allowance.take(kind, payload);
    switch (kind) {
      case "data":
        return this.#keep(payload);
      case "end":
        this.#release();
        this.push(null);
        return;
      case "reset":
        return this.lose();
      case "credit":
        return this.#goOn();
    }
  }

  /** The other end knows nothing of it any more. */
  lose(): void {
    this.#isLost = true;
    this.destroy(Object.assign(new Error("the other end of the connection is gone"), { code: "ECONNRESET" }));
  }

  /** As a socket's: 'timeout' is emitted where nothing came or went for so long. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    clearTimeout(this.#timer);
    this.#timer = milliseconds === 0 ? undefined : setTimeout(() => this.emit("timeout"), milliseconds);
    if (listener !== undefined) this.once("timeout", listener);
    return this;
  }

  override _read(): void {
    const more = this.#parts.window() - this.#allowance.granted - this.readableLength - this.#small.length;
    if (more < LEAST_CREDIT || this.#allowance.isOver) return;
    this.#allowance.granted += more;
    this.#parts.send(encodeCredit(this.id, more));
  }

  override read(size?: number): unknown {
    const chunk = super.read(size);
    if (this.readableLength === 0 && this.#small.length > 0) this.#release();
    return chunk;
  }

  /** Keeps no more than was sent: a piece of one byte would hold the whole chunk that it came in, and many of them an object each. */
  #keep(payload: Buffer): void {
    const isLarge = payload.length >= LEAST_PIECE;
    if (this.readableLength === 0 && this.#small.length === 0)
      return void this.push(isLarge ? payload : Buffer.from(payload));
    if (isLarge || this.#small.length + payload.length > PIECES_BYTES) this.#release();
    if (isLarge) return void this.push(payload);
    if (this.#small.bytes.length === 0) this.#small.bytes = Buffer.allocUnsafeSlow(PIECES_BYTES);
    this.#small.length += payload.copy(this.#small.bytes, this.#small.length);
  }

  #release(): void {
    const { bytes, length } = this.#small;
    this.#small = { bytes: NOTHING, length: 0 };
    if (length > 0) this.push(bytes.subarray(0, length));
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (bytes.length === 0) return done();
    this.#waiting = { bytes, done };
    this.#goOn();
  }

  override _final(done: () => void): void {
    this.#isOverHere = true;
    this.#parts.send(encodeFrame("end", this.id), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.setTimeout(0);
    const isOver = this.#isOverHere && this.#allowance.isOver;
    if (!this.#isLost && !isOver) this.#parts.send(encodeFrame("reset", this.id));
    this.#parts.gone(this.#isLost ? undefined : this.#allowance);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.done();
    done(error);
  }

  /** Sends what waits, as far as there is credit. */
  #goOn(): void {
    while (this.#waiting !== undefined && this.#allowance.credit > 0 && !this.destroyed) {
      const { bytes, done } = this.#waiting;
      const piece = bytes.subarray(0, Math.min(this.#allowance.credit, LIMITS.networkFrameBytes));
      this.#allowance.credit -= piece.length;
      const rest = bytes.subarray(piece.length);
      this.#waiting = rest.length === 0 ? undefined : { bytes: rest, done };
      this.#timer?.refresh();
      this.#parts.send(encodeFrame("data", this.id, piece), rest.length === 0 ? done : undefined);
    }
  }
}
