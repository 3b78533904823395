import { Duplex } from "node:stream";
import { LIMITS } from "./limits.ts";
import { encodeCredit, encodeFrame, type Frame, FrameSplitter, HostileFrame } from "./network-frames.ts";

/** Less than this is not worth a frame of its own; and a reader that has less than this left is asked for more. */
const LEAST_CREDIT = LIMITS.networkFirstWindowBytes / 2;
/** Streams that may all have the large window at once. */
const FEW_STREAMS = LIMITS.networkStreams;

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

  /** Takes what came from the other end. Throws a HostileFrame where that is not what it can say. */
  receive(chunk: Buffer): void {
    for (const frame of this.#splitter.push(chunk)) this.#take(frame);
  }

  /** All streams are gone, and the other end knows. */
  forgetAll(): void {
    for (const stream of [...this.#streams.values()]) stream.lose();
  }

  #take({ kind, stream: id, payload }: Frame): void {
    if (kind === "hello") {
      if (this.#parts.greeted === undefined) throw new HostileFrame("a greeting from the end that is greeted");
      this.forgetAll();
      return this.#parts.greeted();
    }
    if (kind === "open") {
      const { opened } = this.#parts;
      if (opened === undefined || id <= this.#last) throw new HostileFrame(`stream ${id} cannot be opened`);
      return opened(this.#make(id), payload.toString("latin1"));
    }
    // The end that forgot it may not have heard of that.
    const stream = this.#streams.get(id);
    if (stream !== undefined) stream.hear(kind, payload);
    else if (id > this.#last) throw new HostileFrame(`stream ${id} was never opened`);
  }

  #make(id: number): NetworkStream {
    this.#last = id;
    const stream = new NetworkStream(id, {
      send: (bytes, sent) => this.#parts.send(bytes, sent),
      gone: () => void this.#streams.delete(id),
      window: () => (this.#streams.size > FEW_STREAMS ? LIMITS.networkFirstWindowBytes : LIMITS.networkWindowBytes),
    });
    this.#streams.set(id, stream);
    return stream;
  }
}

interface StreamParts {
  send(bytes: Buffer, sent?: () => void): void;
  gone(): void;
  /** bytes that the other end may have on their way here */
  window(): number;
}

/** One connection. Where the other end is reset, it is destroyed with an error. */
export class NetworkStream extends Duplex {
  readonly id: number;
  readonly #parts: StreamParts;
  /** bytes that the other end may still send, and that may still be sent to it */
  #granted: number = LIMITS.networkFirstWindowBytes;
  #credit: number = LIMITS.networkFirstWindowBytes;
  /** what waits for credit */
  #waiting: { bytes: Buffer; done: () => void } | undefined;
  /** small pieces that came while nobody read, one behind the other */
  #small: { bytes: Buffer; length: number } = { bytes: NOTHING, length: 0 };
  #isOver = { here: false, there: false };
  #timer: NodeJS.Timeout | undefined;

  constructor(id: number, parts: StreamParts) {
    super({ allowHalfOpen: true, readableHighWaterMark: LEAST_CREDIT, writableHighWaterMark: LEAST_CREDIT });
    this.id = id;
    this.#parts = parts;
  }

  /** The other end said this of it. */
  hear(kind: "data" | "end" | "reset" | "credit", payload: Buffer): void {
    this.#timer?.refresh();
    switch (kind) {
      case "data":
        if (this.#isOver.there) throw new HostileFrame(`stream ${this.id} goes on after its end`);
        this.#granted -= payload.length;
        if (this.#granted < 0) throw new HostileFrame(`stream ${this.id} sends more than it was granted`);
        this.#keep(payload);
        return;
      case "end":
        if (this.#isOver.there) throw new HostileFrame(`stream ${this.id} ends twice`);
        this.#isOver.there = true;
        this.#release();
        this.push(null);
        return;
      case "reset":
        return this.lose();
      case "credit":
        this.#credit += payload.readUInt32BE();
        if (this.#credit > LIMITS.networkWindowBytes) throw new HostileFrame(`stream ${this.id} is granted too much`);
        return this.#goOn();
    }
  }

  /** The other end knows nothing of it any more. */
  lose(): void {
    this.#isOver = { here: true, there: true };
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
    const more = this.#parts.window() - this.#granted - this.readableLength - this.#small.length;
    if (more < LEAST_CREDIT || this.#isOver.there) return;
    this.#granted += more;
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
    this.#isOver.here = true;
    this.#parts.send(encodeFrame("end", this.id), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.setTimeout(0);
    if (!(this.#isOver.here && this.#isOver.there)) this.#parts.send(encodeFrame("reset", this.id));
    this.#parts.gone();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.done();
    done(error);
  }

  /** Sends what waits, as far as there is credit. */
  #goOn(): void {
    while (this.#waiting !== undefined && this.#credit > 0 && !this.destroyed) {
      const { bytes, done } = this.#waiting;
      const piece = bytes.subarray(0, Math.min(this.#credit, LIMITS.networkFrameBytes));
      this.#credit -= piece.length;
      const rest = bytes.subarray(piece.length);
      this.#waiting = rest.length === 0 ? undefined : { bytes: rest, done };
      this.#timer?.refresh();
      this.#parts.send(encodeFrame("data", this.id, piece), rest.length === 0 ? done : undefined);
    }
  }
}
