import type { Server, Socket } from "node:net";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { NETWORK_DEVICE } from "../../runtime/protocol/network-frames.ts";
import { type NetworkStream, NetworkStreams } from "../../runtime/protocol/network-streams.ts";
import { Port } from "../link/port.ts";

/** The way of all tasks of this machine to the host's proxy. What they say there is the host's to understand. */
export class Outlet {
  readonly #streams: NetworkStreams;
  /** a host is there */
  #isLinked = false;

  private constructor(port: Port) {
    this.#streams = new NetworkStreams({
      send: (bytes, sent) => void port.send(bytes).then(sent),
      greeted: () => {
        this.#isLinked = true;
      },
    });
    port.listenToMuch((bytes) => this.#streams.receive(bytes));
  }

  static async open(): Promise<Outlet> {
    return new Outlet(await Port.open(NETWORK_DEVICE));
  }

  /** Serves what comes to a listener, until that is disposed of: as the task that it belongs to then; without one, nothing is served. */
  serve(listener: Server, task: () => string | undefined): Disposable {
    const sockets = new Set<Socket>();
    listener.on("error", (error) => console.error("taskd: a task's listener:", error));
    listener.on("connection", (socket: Socket) => {
      const owner = task();
      if (owner === undefined || !this.#hasRoom(sockets.size)) return void socket.resetAndDestroy();
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      join(socket, this.#streams.open(owner));
    });
    return {
      [Symbol.dispose]() {
        for (const socket of sockets) socket.destroy();
      },
    };
  }

  /** A task has a few connections whatever the others have. */
  #hasRoom(own: number): boolean {
    if (!this.#isLinked || own >= LIMITS.networkStreams) return false;
    return own < LIMITS.assuredNetworkStreams || this.#streams.size < LIMITS.machineNetworkStreams;
  }
}

/** What goes in at one comes out at the other, until both directions have ended; a broken one breaks the other. */
function join(socket: Socket, stream: NetworkStream): void {
  socket.on("error", () => stream.destroy());
  stream.on("error", () => socket.resetAndDestroy());
  socket.on("close", () => stream.destroy());
  socket.pipe(stream).pipe(socket);
}
