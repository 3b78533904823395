import { type IncomingMessage, request } from "node:http";
import { pipeline, type Readable } from "node:stream";
import * as z from "zod";
import {
  type Call,
  type CallInput,
  type CallOutput,
  calls,
  type Stream,
  type StreamInput,
  type StreamItem,
  streamFailure,
  streams,
  uploaded,
} from "../api/calls.ts";
import { errorBody, PiworkError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { LineSplitter, LineTooLong } from "../protocol/lines.ts";
import { controlSocket, findPlaces, type PlaceOptions } from "../state/places.ts";

/** Raised when no runtime listens for the given state directory. */
export class NoRuntime extends Error {
  constructor(state: string, cause?: unknown) {
    super(`No runtime is running for the state in ${state}. Start one with 'npm start' or 'piwork up'.`, { cause });
    this.name = "NoRuntime";
  }
}

/** Items hold at most one event each, with some room for the envelope. */
const ITEM_BYTES = LIMITS.lineBytes * 2;

const refusal = z.object({ error: errorBody });

/** A typed client of the control API of one running runtime. */
export class Client {
  readonly #socket: string;
  readonly #state: string;

  constructor(socket: string, state: string) {
    this.#socket = socket;
    this.#state = state;
  }

  /** One call, one answer. Rejects with a PiworkError that carries the code. A signal that aborts gives it up. */
  async call<C extends Call>(name: C, input: CallInput<C>, signal?: AbortSignal): Promise<CallOutput<C>> {
    const answer = await readJson(await this.#post(name, input, signal));
    return calls[name].output.parse(answer) as CallOutput<C>;
  }

  /** A call with many answers. Leaving the loop early, or aborting, tells the runtime that nobody reads any more. */
  async *stream<S extends Stream>(name: S, input: StreamInput<S>, signal?: AbortSignal): AsyncGenerator<StreamItem<S>> {
    const response = await this.#post(name, input, signal);
    const splitter = new LineSplitter(ITEM_BYTES);
    for await (const chunk of readAll(response)) {
      for (const line of splitter.push(chunk)) {
        if (line instanceof LineTooLong) throw line;
        const value: unknown = JSON.parse(line);
        const failure = streamFailure.safeParse(value);
        if (failure.success) throw PiworkError.fromBody(failure.data.error);
        yield streams[name].item.parse(value) as StreamItem<S>;
      }
    }
  }

  /** Copies a file into a task's uploads. */
  async upload(task: string, name: string, content: Readable): Promise<z.infer<typeof uploaded>> {
    const path = `/v1/uploads/${encodeURIComponent(task)}/${encodeURIComponent(name)}`;
    const response = await this.#send("PUT", path, "application/octet-stream", content);
    return uploaded.parse(await readJson(response));
  }

  #post(name: string, input: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
    return this.#send("POST", `/v1/${name}`, "application/json", JSON.stringify(input), signal);
  }

  /** The response to a request that was accepted; rejects with what refused it. */
  async #send(
    method: string,
    path: string,
    type: string,
    body: string | Readable,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request(
        {
          socketPath: this.#socket,
          signal,
          path,
          method,
          headers: { "content-type": type },
          // A connection for each call: one kept for later could break while nobody listens to it.
          agent: false,
        },
        (response) => {
          response.on("error", () => {}); // whoever reads it is told
          resolve(response);
        },
      );
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        // Reset: it was there, and ended before it answered.
        const absent = error.code === "ENOENT" || error.code === "ECONNREFUSED" || error.code === "ECONNRESET";
        reject(absent ? new NoRuntime(this.#state, error) : error);
      });
      if (typeof body === "string") outgoing.end(body);
      else pipeline(body, outgoing, (error) => error && reject(error)); // a source that breaks ends the call as well
    });
    if (response.statusCode === 200) return response;
    throw PiworkError.fromBody(refusal.parse(await readJson(response)).error);
  }
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of readAll(response)) pieces.push(piece);
  return JSON.parse(Buffer.concat(pieces).toString("utf8"));
}

/** The runtime may end in the middle of an answer. */
async function* readAll(response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new PiworkError("TASK_NOT_READY", "The runtime ended before its answer did.", { cause });
  }
}

/** Connects to the runtime of a state directory (the user's own one by default); rejects when none runs. */
export async function connect(options: PlaceOptions = {}): Promise<Client> {
  const places = findPlaces(options);
  const client = new Client(controlSocket(places), places.state);
  await client.call("status", {});
  return client;
}
