import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import type { NetworkPolicy, NetworkRequest } from "../protocol/network.ts";
import { NetworkStreams } from "../protocol/network-streams.ts";
import type { ProviderTarget } from "./providers.ts";
import { TaskProxy } from "./proxy.ts";
import { type Lookup, Reach } from "./reach.ts";

export const TASK = "a-task";

/** What a server of the outside was asked. */
export interface HeardRequest {
  method: string;
  url: string;
  rawHeaders: string[];
  body: string;
}

/** A server that counts who connected, and notes what was asked. */
export class OutsideServer implements AsyncDisposable {
  readonly heard: HeardRequest[] = [];
  accepted = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", () => this.accepted++);
  }

  static async http(answer: RequestListener = (_, response) => response.end("from outside")): Promise<OutsideServer> {
    const server = createServer(async (request: IncomingMessage, response) => {
      const { method = "", url = "", rawHeaders } = request;
      outside.heard.push({ method, url, rawHeaders, body: await text(request).catch(() => "") });
      answer(request, response);
    });
    const outside = new OutsideServer(server);
    return outside.#listen();
  }

  static async tcp(serve: (socket: Socket) => void): Promise<OutsideServer> {
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      serve(socket);
    });
    return new OutsideServer(server).#listen();
  }

  async #listen(): Promise<OutsideServer> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if ("closeAllConnections" in this.#server) (this.#server.closeAllConnections as () => void)();
    this.#server.close();
  }
}

export interface ProxyOptions {
  policy?: NetworkPolicy;
  /** the addresses of each host; another list for each time it is asked, the last one from then on */
  hosts?: Record<string, string[][]>;
  /** loopback addresses that count as public */
  publicAddresses?: string[];
  provider?: (name: string) => ProviderTarget | undefined;
  /** in place of `hosts` */
  lookup?: Lookup;
}

/** A proxy, and a door to it through which a task would speak. */
export class ProxyUnderTest implements AsyncDisposable {
  readonly proxy: TaskProxy;
  readonly noted: NetworkRequest[] = [];
  readonly lookups: string[] = [];
  readonly unexpected: unknown[] = [];
  policy: NetworkPolicy;
  readonly #door: Server;

  private constructor({
    policy = { allow: [] },
    hosts = {},
    publicAddresses = ["127.0.0.1"],
    provider,
    lookup,
  }: ProxyOptions) {
    this.policy = policy;
    const known: Lookup = async (host) => {
      this.lookups.push(host);
      const answers = hosts[host];
      if (answers === undefined) throw Object.assign(new Error("unknown"), { code: "ENOTFOUND" });
      return (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
    };
    this.proxy = new TaskProxy({
      policy: () => this.policy,
      provider: async (name) => provider?.(name),
      reach: new Reach({ lookup: lookup ?? known, publicAddresses }),
      over: (_task, request) => void this.noted.push(request),
      unexpected: (error) => void this.unexpected.push(error),
    });
    this.#door = createTcpServer({ allowHalfOpen: true }, (socket) => this.proxy.serve(socket, TASK));
  }

  static async open(options: ProxyOptions = {}): Promise<ProxyUnderTest> {
    const stage = new ProxyUnderTest(options);
    await once(stage.#door.listen(0, "127.0.0.1"), "listening");
    return stage;
  }

  connect(): Socket {
    const socket = connect({
      port: (this.#door.address() as AddressInfo).port,
      host: "127.0.0.1",
      allowHalfOpen: true,
    });
    socket.on("error", () => {});
    return socket;
  }

  /** Says this, ends its side where it should, and gives all that comes back. */
  async say(words: string | Buffer, { end = false } = {}): Promise<string> {
    const socket = this.connect();
    socket.write(words);
    if (end) socket.end();
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => socket.once("end", resolve).once("close", resolve));
    socket.destroy();
    return Buffer.concat(chunks).toString("latin1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.proxy.drop(TASK);
    this.#door.close();
  }
}

/** A connection as it comes out of a machine: its end in the machine, and the host's. */
export async function linkedStreams(): Promise<[near: Duplex, far: Duplex]> {
  const far: Duplex[] = [];
  const to = (other: () => NetworkStreams) => (bytes: Buffer, sent?: () => void) => {
    setImmediate(() => {
      other().receive(bytes);
      sent?.();
    });
  };
  const host: NetworkStreams = new NetworkStreams({ send: to(() => guest), opened: (stream) => void far.push(stream) });
  const guest = new NetworkStreams({ send: to(() => host) });
  const near = guest.open(TASK);
  while (far.length === 0) await turn();
  for (const stream of [near, ...far]) stream.on("error", () => {});
  return [near, far[0] as Duplex];
}

/** A request as a client of a proxy writes it. */
export function asked(line: string, headers: readonly string[] = [], body = ""): string {
  return [line, ...headers, "", body].join("\r\n");
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}
