import { once } from "node:events";
import { chmodSync, existsSync, type FSWatcher, rmSync, watch } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { dirname } from "node:path";
import type * as z from "zod";
import {
  type Call,
  type CallOutput,
  calls,
  type Stream,
  type StreamItem,
  streams,
  type uploaded,
} from "../api/calls.ts";
import { type ErrorCode, invalidRequest, PiworkError, toErrorBody } from "../protocol/errors.ts";
import { taskId } from "../protocol/ids.ts";
import { LIMITS } from "../protocol/limits.ts";
import { BoundedServer } from "./connections.ts";

/** A call without output resolves when it is done. */
type HttpAnswer<Output> = Output extends Record<string, never> ? Promise<void> : Output | Promise<Output>;

type CallHandlers = {
  [C in Call]: (input: z.infer<(typeof calls)[C]["input"]>) => HttpAnswer<CallOutput<C>>;
};

/** A stream handler sends items until it returns, each sent when `send` resolves; `signal` says that nobody reads any more. */
type StreamHandlers = {
  [S in Stream]: (
    input: z.infer<(typeof streams)[S]["input"]>,
    send: (item: StreamItem<S>) => Promise<void>,
    signal: AbortSignal,
  ) => Promise<void>;
};

export interface ControlHandlers {
  calls: CallHandlers;
  streams: StreamHandlers;
  importUpload(task: string, name: string, content: AsyncIterable<Buffer>): Promise<z.infer<typeof uploaded>>;
  /** told of failures that a caller must not see the insides of */
  onUnexpected(error: unknown, doing: string): void;
}

const STATUS: Record<ErrorCode, number> = {
  INVALID_REQUEST: 400,
  WORKSPACE_POLICY_VIOLATION: 403,
  TASK_NOT_FOUND: 404,
  TASK_NOT_READY: 409,
  TASK_BUSY: 409,
  LIMIT_EXCEEDED: 413,
  TASK_BOOTSTRAP_FAILED: 500,
  PI_PROCESS_DEAD: 500,
  INTERNAL_ERROR: 500,
  SWITCH_TIMEOUT: 504,
};

const TOO_SLOW = new PiworkError(
  "LIMIT_EXCEEDED",
  `More than ${LIMITS.unreadStreamBytes} bytes were waiting to be read, so the rest was dropped and the command ended. Read faster, or write to a file in the task.`,
);

export const TOO_MANY_CALLS = new PiworkError(
  "LIMIT_EXCEEDED",
  `${LIMITS.knownConnections} connections are busy, and more are not answered. End commands that still run, or close pages of the panel.`,
);

/** The control API on a Unix socket that only this user can open. */
export class ControlServer implements AsyncDisposable {
  readonly #path: string;
  readonly #handlers: ControlHandlers;
  readonly #watcher: FSWatcher;
  #server: Server;

  private constructor(server: Server, path: string, handlers: ControlHandlers) {
    this.#server = server;
    this.#path = path;
    this.#handlers = handlers;
    // Temporary directories are cleaned by others: without its socket nobody could reach, or stop, the runtime.
    this.#watcher = watch(dirname(path), () => void this.#listenAgain());
    this.#watcher.on("error", () => {});
  }

  /** `path` lies in a directory that only this user can enter, and its owner holds the state's lock, so what is there is a leftover. */
  static async listen(path: string, handlers: ControlHandlers): Promise<ControlServer> {
    return new ControlServer(await listen(path, handlers), path, handlers);
  }

  async #listenAgain(): Promise<void> {
    if (existsSync(this.#path)) return;
    const before = this.#server;
    try {
      // First, because it removes whatever lies at its path. What it was answering it still answers.
      before.close();
      this.#server = await listen(this.#path, this.#handlers);
    } catch (error) {
      this.#handlers.onUnexpected(error, "listening on the control socket again");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watcher.close();
    rmSync(this.#path, { force: true });
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    // Streams have no end of their own.
    setTimeout(() => this.#server.closeAllConnections(), 500).unref();
    await closed;
  }
}

async function listen(path: string, handlers: ControlHandlers): Promise<Server> {
  const bounded = new BoundedServer();
  const server = bounded.http.on("request", (request, response) => {
    if (bounded.admit(request.socket)) void serve(request, response, handlers);
    else refuse(request, response, TOO_MANY_CALLS.toBody());
  });
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  chmodSync(path, 0o600);
  return server;
}

/** Answers one request of the control API, wherever it came in. */
export async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: ControlHandlers,
): Promise<void> {
  const doing = `answering ${(request.url ?? "").slice(0, 64)}`;
  try {
    const upload = request.method === "PUT" ? /^\/v1\/uploads\/([^/]+)\/([^/]+)$/.exec(request.url ?? "") : null;
    if (upload !== null) return await takeUpload(upload[1] ?? "", upload[2] ?? "", request, response, handlers);
    if (request.method !== "POST") throw new PiworkError("INVALID_REQUEST", "Every call is a POST with a JSON body.");
    const name = /^\/v1\/([a-z_]{1,32})$/.exec(request.url ?? "")?.[1] ?? "";
    if (Object.hasOwn(calls, name)) await answerCall(name as Call, request, response, handlers.calls);
    else if (Object.hasOwn(streams, name)) await answerStream(name as Stream, request, response, handlers);
    else throw new PiworkError("INVALID_REQUEST", "There is no such call.");
  } catch (error) {
    if (!(error instanceof PiworkError)) handlers.onUnexpected(error, doing);
    refuse(request, response, toErrorBody(error, doing));
  }
}

async function answerCall<C extends Call>(
  name: C,
  request: IncomingMessage,
  response: ServerResponse,
  handlers: CallHandlers,
): Promise<void> {
  const input = await readInput(name, calls[name].input, request);
  const output = await handlers[name](input as z.infer<(typeof calls)[C]["input"]>);
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(output ?? {}));
}

async function answerStream<S extends Stream>(
  name: S,
  request: IncomingMessage,
  response: ServerResponse,
  handlers: ControlHandlers,
): Promise<void> {
  const input = await readInput(name, streams[name].input, request);
  const readerGone = new AbortController();
  response.on("close", () => readerGone.abort());
  response.on("error", () => readerGone.abort());
  let overrun = false;
  const write = async (item: unknown) => {
    if (readerGone.signal.aborted) return;
    const isTaken = response.write(`${JSON.stringify(item)}\n`);
    overrun = response.writableLength > LIMITS.unreadStreamBytes;
    if (overrun) readerGone.abort();
    else if (!isTaken) await once(response, "drain", { signal: readerGone.signal }).catch(() => {}); // nobody waits for it any more
  };
  response.writeHead(200, { "content-type": "application/x-ndjson" }).flushHeaders();
  try {
    await handlers.streams[name](input as z.infer<(typeof streams)[S]["input"]>, write, readerGone.signal);
  } catch (error) {
    if (!(error instanceof PiworkError)) handlers.onUnexpected(error, name);
    void write({ type: "error", error: toErrorBody(error, name) });
  }
  // Said last, behind all that was held: a reader that only was slow still gets it.
  if (overrun) response.write(`${JSON.stringify({ type: "error", error: TOO_SLOW.toBody() })}\n`);
  response.end();
}

async function takeUpload(
  task: string,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
  handlers: ControlHandlers,
): Promise<void> {
  const id = taskId.safeParse(task);
  if (!id.success) throw invalidRequest("the task", id.error);
  let decoded: string;
  try {
    decoded = decodeURIComponent(name);
  } catch {
    throw new PiworkError("INVALID_REQUEST", "The file name is not encoded as a part of a URL.");
  }
  const content = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  const output = await handlers.importUpload(id.data, decoded, content);
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(output));
}

async function readInput(name: string, schema: z.ZodType, request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > LIMITS.controlBodyBytes)
      throw new PiworkError("LIMIT_EXCEEDED", `A request body has at most ${LIMITS.controlBodyBytes} bytes.`);
    pieces.push(piece);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(pieces).toString("utf8"));
  } catch {
    throw new PiworkError("INVALID_REQUEST", "The request body is not JSON.");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidRequest(`what '${name.replaceAll("_", " ")}' was given`, parsed.error);
  return parsed.data;
}

/** Time a refused sender has to stop sending, in milliseconds. */
const LINGER_MS = 2_000;

function refuse(request: IncomingMessage, response: ServerResponse, error: ReturnType<typeof toErrorBody>): void {
  if (response.headersSent) return void response.destroy();
  const body = Buffer.from(JSON.stringify({ error }));
  const type = "application/json";
  response.writeHead(STATUS[error.code], { "content-type": type, "content-length": body.length, connection: "close" });
  response.write(body);
  const end = () => {
    clearTimeout(patience);
    response.end(() => request.destroy());
  };
  const patience = setTimeout(end, LINGER_MS).unref();
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (request.complete || (length === undefined && encoding === undefined)) return end();
  // A sender whose connection breaks while it sends never reads the refusal, so the rest is read and dropped.
  request.once("close", end).once("end", end).resume();
}
