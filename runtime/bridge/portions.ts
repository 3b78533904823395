import type { Socket } from "node:net";
import { LIMITS } from "../protocol/limits.ts";
import { ProtocolViolation } from "../protocol/violation.ts";

export interface Hearing<P> {
  cut(chunk: Buffer): Iterator<P>;
  take(piece: P): void;
  /** cutting or taking threw a ProtocolViolation; nothing more is taken */
  broken(what: string): void;
}

/**
 * Takes what a machine says piece by piece, and no more in one turn of the loop than the limits say: a machine that never stops
 * talking holds up no other. Its socket is paused meanwhile.
 */
export function takeInPortions<P>(socket: Socket, { cut, take, broken }: Hearing<P>): void {
  const waiting: Iterator<P>[] = [];
  let taken = { pieces: 0, bytes: 0 };
  let isCounting = false;
  const isFull = () => taken.pieces >= LIMITS.linkPiecesPerTurn || taken.bytes >= LIMITS.linkBytesPerTurn;
  const takeNext = (pieces: Iterator<P>) => {
    const next = pieces.next();
    if (next.done) return void waiting.shift();
    taken.pieces++;
    take(next.value);
  };
  const work = () => {
    if (!isCounting) setImmediate(nextTurn);
    isCounting = true;
    try {
      for (let first = waiting[0]; first !== undefined && !isFull() && !socket.destroyed; first = waiting[0])
        takeNext(first);
    } catch (error) {
      socket.destroy();
      if (!(error instanceof ProtocolViolation)) throw error;
      broken(error.message);
    }
    if (isFull()) socket.pause();
  };
  const nextTurn = () => {
    isCounting = false;
    taken = { pieces: 0, bytes: 0 };
    if (socket.destroyed) return;
    if (waiting.length > 0) work();
    else if (socket.isPaused()) socket.resume();
  };
  socket.on("data", (chunk: Buffer) => {
    taken.bytes += chunk.length;
    waiting.push(cut(chunk));
    work();
  });
}
