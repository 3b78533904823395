import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { LIMITS } from "../protocol/limits.ts";

/** Between two looks for connections that take too long, in milliseconds. */
const CHECK_EVERY_MS = 1_000;

/** A server whose connections take a bounded number of descriptors, bytes and time from the rest of the runtime. */
export class BoundedServer {
  readonly http: Server;
  /** connections that may not call yet, in the order in which they came */
  readonly #strangers = new Set<Socket>();
  /** connections by which somebody called who may */
  readonly #known = new Set<Socket>();
  /** requests of a connection that are being answered */
  readonly #answering = new Map<Socket, number>();

  constructor() {
    this.http = createServer({
      maxHeaderSize: LIMITS.controlHeadBytes,
      headersTimeout: LIMITS.controlHeadMs,
      requestTimeout: LIMITS.controlRequestMs,
      keepAliveTimeout: LIMITS.controlIdleMs,
      connectionsCheckingInterval: CHECK_EVERY_MS,
    });
    this.http.maxHeadersCount = LIMITS.controlHeaders;
    this.http.on("connection", (socket) => {
      this.#strangers.add(socket);
      socket.once("close", () => {
        for (const sockets of [this.#strangers, this.#known]) sockets.delete(socket);
        this.#answering.delete(socket);
      });
      if (this.#strangers.size > LIMITS.strangeConnections)
        (this.#oldestIdle(this.#strangers) ?? first(this.#strangers))?.destroy();
    });
    this.http.on("request", ({ socket }, response) => {
      this.#count(socket, 1);
      response.once("close", () => this.#count(socket, -1));
    });
  }

  /** Counts a connection among those that may call; false where all of these are busy. An idle one makes room. */
  admit(socket: Socket): boolean {
    if (this.#known.size >= LIMITS.knownConnections && !this.#known.has(socket)) {
      const idle = this.#oldestIdle(this.#known);
      if (idle === undefined) return false;
      this.#known.delete(idle.destroy());
    }
    this.#strangers.delete(socket);
    this.#known.add(socket);
    return true;
  }

  #count(socket: Socket, change: number): void {
    const now = (this.#answering.get(socket) ?? 0) + change;
    if (now > 0 && !socket.destroyed) this.#answering.set(socket, now);
    else this.#answering.delete(socket);
  }

  /** The newest is not meant: what it asks may not have been read yet. */
  #oldestIdle(sockets: ReadonlySet<Socket>): Socket | undefined {
    let left = sockets.size;
    for (const socket of sockets) if (--left > 0 && !this.#answering.has(socket)) return socket;
    return undefined;
  }
}

function first<T>(all: ReadonlySet<T>): T | undefined {
  for (const one of all) return one;
  return undefined;
}
