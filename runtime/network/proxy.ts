import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { PiworkError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { NetworkPolicy, NetworkRequest } from "../protocol/network.ts";
import { understand } from "./asked.ts";
import { Meter } from "./carry.ts";
import { type Destination, exchange } from "./exchange.ts";
import { passedOn, withKey, withoutKey } from "./headers.ts";
import { parseAuthority, ruleFor } from "./policy.ts";
import type { ProviderTarget } from "./providers.ts";
import type { Reach } from "./reach.ts";
import { ProxyRefusal } from "./refusal.ts";
import { tunnel } from "./tunnel.ts";

/** Time between two requests of a connection after which it is closed, in milliseconds: an idle machine can rest then. */
const KEEP_ALIVE_MS = 4_000;

export interface ProxyParts {
  policy(task: string): NetworkPolicy;
  provider(name: string): Promise<ProviderTarget | undefined>;
  reach: Reach;
  /** a request of a task is over */
  over(task: string, request: NetworkRequest): void;
  unexpected(error: unknown): void;
}

const NOT_READY =
  "The host is not ready for this; whoever runs Piwork finds the reason beside this request: piwork network.";

/** A request, and what becomes of it. */
interface Entry extends NetworkRequest {
  up: Meter;
  down: Meter;
}

/** A connection of a task, and what goes on in it. */
interface Connection {
  task: string;
  /** stops waiting for the head of a request, where that is waited for */
  stopWaiting?: (() => void) | undefined;
  /** what ends its requests; a response that waits behind another one does not hear that it is closed */
  going: Set<AbortController>;
  /** the request that it said last, and what ends that where it cannot come to its end */
  last?: { request: IncomingMessage; garbage: AbortController };
}

/** What tasks speak to: an HTTP proxy for each connection that one of them opens. Whether it may is asked anew for each request. */
export class TaskProxy {
  readonly #parts: ProxyParts;
  readonly #server: Server;
  readonly #connections = new WeakMap<Duplex, Connection>();
  /** open connections of each task, and requests under way */
  readonly #open = new Map<string, Set<Duplex>>();
  readonly #underway = new Map<string, number>();

  constructor(parts: ProxyParts) {
    this.#parts = parts;
    this.#server = createServer({
      insecureHTTPParser: false,
      maxHeaderSize: LIMITS.networkHeadBytes,
      // It is refused where it is read, with words.
      requireHostHeader: false,
      keepAlive: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    // Of more, Node would show the first thousand: a length behind them would count for its parser and not for who judges here. The head's bytes bound them.
    this.#server.maxHeadersCount = 0;
    this.#server.on("request", (request, response) => void this.#answer(request, response));
    this.#server.on("connect", (request, stream, head) => void this.#connect(request, stream, head));
    this.#server.on("clientError", (error, stream) => this.#refuseGarbage(error, stream));
  }

  /** Serves a connection of a task until it ends. */
  serve(stream: Duplex, task: string): void {
    const own = this.#open.get(task) ?? new Set();
    this.#open.set(task, own);
    const connection: Connection = { task, going: new Set() };
    this.#connections.set(stream, connection);
    stream.on("error", () => {}); // it is over, which is seen where it is used
    if (own.size >= LIMITS.networkStreams) {
      const refusal = new ProxyRefusal(429, `A task has at most ${LIMITS.networkStreams} connections at once.`);
      this.#note(task, beginEntry("http"), refusal);
      return endWith(refusal, stream, connection);
    }
    own.add(stream);
    stream.once("close", () => {
      own.delete(stream);
      if (own.size === 0) this.#open.delete(task);
      for (const end of connection.going) end.abort(new ProxyRefusal(502, "The task went away."));
    });
    awaitHead(stream, connection);
    this.#server.emit("connection", stream);
  }

  /** Ends every connection of a task. */
  drop(task: string): void {
    for (const stream of [...(this.#open.get(task) ?? [])]) stream.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const stream = request.socket as Duplex;
    const connection = this.#connections.get(stream) as Connection;
    const { task, going } = connection;
    connection.stopWaiting?.();
    const entry = beginEntry("http");
    entry.method = (request.method ?? "").slice(0, 20);
    response.once("close", () => {
      if (!stream.destroyed && connection.stopWaiting === undefined) awaitHead(stream, connection);
    });
    request.on("error", () => {}); // the exchange sees it
    const garbage = new AbortController();
    connection.last = { request, garbage };
    going.add(garbage);
    try {
      await this.#inTurn(task, async () => {
        const destination = await this.#destination(task, request, entry);
        await exchange(request, response, destination, entry, garbage.signal);
      });
      this.#note(task, entry, undefined, response.statusCode);
    } catch (error) {
      const refusal = this.#refusalOf(error);
      const isBegun = response.headersSent;
      this.#note(task, entry, refusal, isBegun ? response.statusCode : refusal.status);
      // Half an answer must not look like a whole one.
      if (isBegun || stream.destroyed) return void stream.destroy();
      const headers = { "content-type": "text/plain; charset=utf-8", connection: "close" };
      response.writeHead(refusal.status, headers).end(refusal.body);
    } finally {
      going.delete(garbage);
    }
  }

  async #destination(task: string, request: IncomingMessage, entry: Entry): Promise<Destination> {
    const asked = understand(request);
    entry.kind = asked.kind;
    entry.path = pathOf(asked.path);
    const headers = passedOn(request.rawHeaders);
    if (asked.kind === "http") {
      const { host, port, path } = asked;
      Object.assign(entry, { host, port });
      entry.rule = ruleFor(this.#parts.policy(task), { host, port, method: request.method ?? "" });
      const way = await this.#parts.reach.toPublic(host, port, task);
      return { way, isEncrypted: false, authority: port === 80 ? host : `${host}:${port}`, path, headers };
    }
    Object.assign(entry, { host: asked.name, rule: `provider ${asked.name}` });
    const target = await this.#parts.provider(asked.name);
    if (target === undefined)
      throw new ProxyRefusal(
        404,
        `There is no provider '${asked.name}'. Whoever runs Piwork can add it: piwork provider add ${asked.name} --help`,
        "no such provider",
      );
    const { url, key, view } = target;
    const isEncrypted = url.protocol === "https:";
    const port = url.port === "" ? (isEncrypted ? 443 : 80) : Number(url.port);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    Object.assign(entry, { host, port });
    const path = `${url.pathname.replace(/\/$/, "")}${withoutKey(asked.path)}` || "/";
    return {
      way: await this.#parts.reach.toProvider(host, port, task),
      isEncrypted,
      authority: url.host,
      path: path.startsWith("/") ? path : `/${path}`,
      headers: withKey(headers, view.api, key),
    };
  }

  async #connect(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const connection = this.#connections.get(stream) as Connection;
    const { task } = connection;
    connection.stopWaiting?.();
    const entry = beginEntry("connect");
    entry.method = "CONNECT";
    try {
      await this.#inTurn(task, async () => {
        const { host, port } = parseAuthority(request.url ?? "");
        Object.assign(entry, { host, port });
        entry.rule = ruleFor(this.#parts.policy(task), { host, port, method: undefined });
        const way = await this.#parts.reach.toPublic(host, port, task);
        if (stream.destroyed) throw new ProxyRefusal(502, "The task went away.");
        await tunnel(stream, head, way, entry);
      });
      this.#note(task, entry, undefined, 200);
      stream.destroy();
    } catch (error) {
      const refusal = this.#refusalOf(error);
      this.#note(task, entry, refusal, refusal.status);
      if (stream.writable) endWith(refusal, stream, connection);
      else stream.destroy();
    }
  }

  /** Also requests that come one behind the other on one connection are under way at once. */
  async #inTurn(task: string, work: () => Promise<void>): Promise<void> {
    const before = this.#underway.get(task) ?? 0;
    if (before >= LIMITS.networkStreams)
      throw new ProxyRefusal(429, `A task has at most ${LIMITS.networkStreams} requests under way at once.`);
    this.#underway.set(task, before + 1);
    try {
      await work();
    } finally {
      const left = (this.#underway.get(task) ?? 1) - 1;
      if (left === 0) this.#underway.delete(task);
      else this.#underway.set(task, left);
    }
  }

  #refuseGarbage(error: NodeJS.ErrnoException, stream: Duplex): void {
    const connection = this.#connections.get(stream);
    if (connection !== undefined && connection.stopWaiting === undefined) {
      // Behind a request that is all there its answer goes first, and nothing more is read. In the middle of one nothing more can come.
      if (connection.last?.request.complete === false) connection.last.garbage.abort(notUnderstood(error));
      return;
    }
    if (connection === undefined || error.code === "ECONNRESET" || !stream.writable) return void stream.destroy();
    const refusal =
      error.code === "HPE_HEADER_OVERFLOW"
        ? new ProxyRefusal(431, `The head of a request has at most ${LIMITS.networkHeadBytes} bytes.`)
        : notUnderstood(error);
    this.#note(connection.task, beginEntry("http"), refusal, refusal.status);
    stream.end(refusal.answer, () => stream.destroy());
  }

  #refusalOf(error: unknown): ProxyRefusal {
    if (error instanceof ProxyRefusal) return error;
    // Its words, with paths and names of the host, are for whoever looks at the requests.
    if (error instanceof PiworkError) return new ProxyRefusal(502, NOT_READY, error.message);
    this.#parts.unexpected(error);
    return new ProxyRefusal(502, "The proxy failed; the runtime's log has the details.");
  }

  #note(task: string, entry: Entry, refusal: ProxyRefusal | undefined, status?: number): void {
    const { up, down, ...request } = entry;
    const verdict = refusal === undefined ? "allowed" : refusal.hasFailed ? "failed" : "refused";
    this.#parts.over(task, {
      ...request,
      verdict,
      bytesUp: up.bytes,
      bytesDown: down.bytes,
      rule: (refusal?.rule ?? entry.rule).slice(0, 300),
      ...(status !== undefined && { status }),
    });
  }
}

/** Says why, and waits for the task to close its side too, but not for ever: unread, its end would never be seen. */
function endWith(refusal: ProxyRefusal, stream: Duplex, connection: Connection): void {
  stream.removeAllListeners("data");
  stream.end(refusal.answer);
  stream.resume();
  awaitHead(stream, connection);
}

/** A connection whose next request does not come in time, or only byte by byte, is closed. */
function awaitHead(stream: Duplex, connection: Connection): void {
  const timer = setTimeout(() => stream.destroy(), LIMITS.networkHeadMs);
  const stop = () => {
    clearTimeout(timer);
    stream.off("close", stop);
    connection.stopWaiting = undefined;
  };
  connection.stopWaiting = stop;
  stream.once("close", stop);
}

function notUnderstood({ code }: NodeJS.ErrnoException): ProxyRefusal {
  return new ProxyRefusal(400, "This is no request that can be understood in one way only.", `no HTTP: ${code}`);
}

function beginEntry(kind: NetworkRequest["kind"]): Entry {
  const none = { host: "", port: 0, verdict: "refused", rule: "", bytesUp: 0, bytesDown: 0 } as const;
  return { kind, time: Date.now(), ...none, up: new Meter(), down: new Meter() };
}

function pathOf(path: string): string {
  return (path.split("?")[0] ?? "").slice(0, 500);
}
