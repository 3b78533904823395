import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { LineSplitter } from "../../runtime/protocol/lines.ts";
import { PROTOCOL_VERSION } from "../../runtime/protocol/rpc.ts";

/** What it says of its tasks: that there are none. */
export const STATE = { activeTaskId: null, tasks: [] };

/** Stands where a machine's taskd would, and answers what it is asked unless it is told to wait. */
export class Peer implements AsyncDisposable {
  links = 0;
  /** whether it answers the greeting */
  greets = true;
  readonly #path: string;
  readonly #server: Server;
  #socket: Socket | undefined;
  #held: string[] | undefined;

  private constructor(server: Server, path: string) {
    this.#path = path;
    this.#server = server;
    server.on("connection", (socket) => {
      this.links++;
      this.#socket = socket;
      const splitter = new LineSplitter(LIMITS.lineBytes);
      socket.on("error", () => socket.destroy());
      socket.on("data", (chunk: Buffer) => {
        for (const line of splitter.push(chunk)) if (typeof line === "string" && line !== "") this.#hear(line);
      });
    });
  }

  static async listen(path: string): Promise<Peer> {
    const server = createServer();
    await once(server.listen(path), "listening");
    return new Peer(server, path);
  }

  async connect(): Promise<Socket> {
    const socket = connect(this.#path);
    await once(socket, "connect");
    return socket;
  }

  say(line: string | Buffer): void {
    this.write(Buffer.concat([Buffer.from(line), Buffer.from("\n")]));
  }

  write(bytes: string | Buffer): void {
    this.#socket?.write(bytes);
  }

  /** Ends the link; the other end makes another one. */
  cut(): void {
    this.#socket?.destroy();
  }

  holdAnswers(): void {
    this.#held = [];
  }

  giveAnswers(): void {
    for (const line of this.#held ?? []) this.say(line);
    this.#held = undefined;
  }

  #hear(line: string): void {
    const { id, type } = JSON.parse(line) as { id?: string; type: string };
    if (type === "runtime_hello") {
      if (!this.greets) return;
      const result = { protocol: PROTOCOL_VERSION, capabilities: [], agents: [], unsafe: false };
      this.say(JSON.stringify({ id, ok: true, result }));
    } else if (id !== undefined) {
      const answer = JSON.stringify({ id, ok: true, result: STATE });
      if (this.#held === undefined) this.say(answer);
      else this.#held.push(answer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
