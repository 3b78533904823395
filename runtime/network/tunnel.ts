import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { LIMITS } from "../protocol/limits.ts";
import { carry, type Meter } from "./carry.ts";
import { wordsOf } from "./exchange.ts";
import { type PinnedRoute, within } from "./reach.ts";
import { ProxyRefusal } from "./refusal.ts";

/** Joins a task with a host, and resolves when that is over. What they say is between them. Rejects while the task has no answer yet. */
export async function tunnel(
  stream: Duplex,
  head: Buffer,
  way: PinnedRoute,
  meters: { up: Meter; down: Meter },
): Promise<void> {
  const socket = connect({ ...way, allowHalfOpen: true });
  const over = new AbortController();
  const broken = once(over.signal, "abort");
  const breakOff = (error?: Error) => over.abort(error);
  const total = setTimeout(breakOff, LIMITS.networkTotalMs);
  try {
    const failed = broken.then(() => {
      const why = over.signal.reason;
      throw why instanceof ProxyRefusal ? why : new ProxyRefusal(502, `The host cannot be reached: ${wordsOf(why)}.`);
    });
    failed.catch(() => {});
    // From the first moment on: what the task says, or that it has no more to say, may come before the host is there.
    if (head.length > 0) stream.unshift(head);
    carry(stream, socket, meters.up, breakOff);
    await within(LIMITS.networkConnectMs, "connecting to the host", Promise.race([once(socket, "connect"), failed]));
    stream.write("HTTP/1.1 200 Connection established\r\n\r\n");
    socket.setTimeout(LIMITS.networkIdleMs, breakOff);
    carry(socket, stream, meters.down, breakOff);
    // Both directions have ended, and what the host said last has left.
    const ended = Promise.all([once(socket, "close"), once(stream, "finish")]);
    ended.catch(() => {}); // then it is broken
    await Promise.race([ended, broken]);
  } finally {
    clearTimeout(total);
    socket.destroy();
  }
}
