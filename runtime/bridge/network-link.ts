import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { taskId } from "../protocol/ids.ts";
import type { Frame } from "../protocol/network-frames.ts";
import { MOST_STREAMS, NetworkStreams } from "../protocol/network-streams.ts";
import { ProtocolViolation } from "../protocol/violation.ts";
import { takeInPortions } from "./portions.ts";

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
      observer.broken(`on its network, ${what}`);
    };
    this.#streams = new NetworkStreams({
      send: (bytes, sent) => {
        if (socket.destroyed) return sent?.();
        observer.moves();
        const weight = Math.max(bytes.length, LEAST_OF_FRAME);
        this.#unread += weight;
        if (this.#unread > mostUnread) return end("it spoke, and read nothing");
        socket.write(bytes, () => {
          this.#unread -= weight;
          sent?.();
        });
      },
      opened: (stream, task) => {
        stream.on("error", () => {}); // it is gone, which whoever serves it sees
        if (this.#streams.size > MOST_STREAMS) throw new ProtocolViolation(`more than ${MOST_STREAMS} connections`);
        if (!taskId.safeParse(task).success) throw new ProtocolViolation("a connection of a task that cannot be");
        observer.opened(stream, task);
      },
    });
    const hear = {
      cut: (chunk: Buffer) => {
        observer.moves();
        return this.#streams.cut(chunk);
      },
      take: (frame: Frame) => this.#streams.take(frame),
      broken: end,
    };
    takeInPortions(socket, hear);
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
