import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { taskId } from "../protocol/ids.ts";
import { LIMITS } from "../protocol/limits.ts";
import { HostileFrame } from "../protocol/network-frames.ts";
import { NetworkStreams } from "../protocol/network-streams.ts";

/** As many connections as taskd ever has open. */
const MOST = LIMITS.machineNetworkStreams + LIMITS.tasksPerTaskd * LIMITS.assuredNetworkStreams;

/** What waits to be read by the machine, in bytes, each frame with what it takes to keep it: more than all windows together hold. */
const MOST_UNREAD = 128 * 1024 * 1024;
const LEAST_OF_FRAME = 256;

export interface LinkObserver {
  /** a process of this task, as the machine says, has opened a connection */
  opened(stream: Duplex, task: string): void;
  /** bytes come or go: a machine that is paused has to go on */
  moves(): void;
  /** the machine said what taskd never says */
  broken(what: string): void;
}

/** The host's end of the network of one machine. What comes out of it is hostile: QEMU itself may have been taken over. */
export class NetworkLink {
  readonly #socket: Socket;
  readonly #streams: NetworkStreams;
  #unread = 0;

  constructor(socket: Socket, observer: LinkObserver, mostUnread = MOST_UNREAD) {
    this.#socket = socket;
    const end = (what: string) => {
      socket.destroy();
      observer.broken(`the machine broke the protocol of its network: ${what}`);
    };
    this.#streams = new NetworkStreams({
      send: (bytes, sent) => {
        if (socket.destroyed) return sent?.();
        observer.moves();
        const weight = Math.max(bytes.length, LEAST_OF_FRAME);
        this.#unread += weight;
        if (this.#unread > mostUnread) return end("it speaks, and reads nothing");
        socket.write(bytes, () => {
          this.#unread -= weight;
          sent?.();
        });
      },
      opened: (stream, task) => {
        stream.on("error", () => {}); // it is gone, which whoever serves it sees
        if (this.#streams.size > MOST) throw new HostileFrame(`more than ${MOST} connections`);
        if (!taskId.safeParse(task).success) throw new HostileFrame("a connection of a task that cannot be");
        observer.opened(stream, task);
      },
    });
    socket.on("data", (chunk: Buffer) => {
      observer.moves();
      try {
        this.#streams.receive(chunk);
      } catch (error) {
        if (!(error instanceof HostileFrame)) throw error;
        end(error.message);
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#streams.forgetAll());
    this.#streams.greet();
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#streams.size;
  }

  close(): void {
    this.#socket.destroy();
  }
}
