import { LIMITS } from "./limits.ts";
import { ProtocolViolation } from "./violation.ts";

/** Name of the virtio-serial port that carries the connections of a machine's tasks. */
export const NETWORK_DEVICE = "piwork.network";

/** What a frame does with its stream, by the byte that says so. */
export const FRAMES = {
  /** from the host, on a link that is new: no stream is there */
  hello: 1,
  /** from the machine: a task, which the payload names, has opened a connection */
  open: 2,
  data: 3,
  /** the sender has no more data */
  end: 4,
  /** the stream is gone, with whatever was on its way */
  reset: 5,
  /** so many more bytes may be sent */
  credit: 6,
} as const;
export type FrameKind = keyof typeof FRAMES;

export interface Frame {
  kind: FrameKind;
  /** 0 where it is of the link and of no stream */
  stream: number;
  payload: Buffer;
}

/** A kind, the payload's length, and the stream; all in front of the payload. */
const HEAD_BYTES = 8;
const NOTHING = Buffer.alloc(0);
const KINDS = new Map<number, FrameKind>(Object.entries(FRAMES).map(([name, byte]) => [byte, name as FrameKind]));

/** How long a payload can be. */
const LONGEST: Record<FrameKind, readonly [least: number, most: number]> = {
  hello: [0, 0],
  end: [0, 0],
  reset: [0, 0],
  credit: [4, 4],
  open: [3, 64],
  data: [1, LIMITS.networkFrameBytes],
};

/** The bytes of a frame. */
export function encodeFrame(kind: FrameKind, stream: number, payload: Buffer = NOTHING): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  bytes.writeUInt8(FRAMES[kind], 0);
  bytes.writeUIntBE(payload.length, 1, 3);
  bytes.writeUInt32BE(stream, 4);
  payload.copy(bytes, HEAD_BYTES);
  return bytes;
}

export function encodeCredit(stream: number, bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(bytes);
  return encodeFrame("credit", stream, payload);
}

/** Cuts a byte stream into frames. Never holds more than one of them; throws at the first that is none. */
export class FrameSplitter {
  #held: Buffer = NOTHING;

  *push(chunk: Buffer): Generator<Frame> {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    while (bytes.length >= HEAD_BYTES) {
      const kind = KINDS.get(bytes[0] as number);
      const length = bytes.readUIntBE(1, 3);
      const stream = bytes.readUInt32BE(4);
      if (kind === undefined) throw new ProtocolViolation(`a frame of kind ${bytes[0]}, which there is not`);
      const [least, most] = LONGEST[kind];
      if (length < least || length > most) throw new ProtocolViolation(`a frame '${kind}' of ${length} bytes`);
      if ((kind === "hello") !== (stream === 0)) throw new ProtocolViolation(`a frame '${kind}' of stream ${stream}`);
      const end = HEAD_BYTES + length;
      if (bytes.length < end) break;
      yield { kind, stream, payload: bytes.subarray(HEAD_BYTES, end) };
      bytes = bytes.subarray(end);
    }
    this.#held = bytes;
  }
}
