import { type ClientRequest, type IncomingMessage, request as plainRequest, type ServerResponse } from "node:http";
import { request as encryptedRequest } from "node:https";
import type { Socket } from "node:net";
import { LIMITS } from "../protocol/limits.ts";
import { carry, type Meter } from "./carry.ts";
import { passedOn } from "./headers.ts";
import { type PinnedRoute, within } from "./reach.ts";
import { ProxyRefusal } from "./refusal.ts";

/** Where a request goes on, and as what. */
export interface Destination {
  way: PinnedRoute;
  isEncrypted: boolean;
  /** the value of `Host` */
  authority: string;
  path: string;
  headers: [name: string, value: string][];
}

/** Says the request of a task anew to its destination, and the answer to the task, until that is `given` up. Rejects with what the task is to be told, unless an answer has begun. */
export async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  destination: Destination,
  meters: { up: Meter; down: Meter },
  given: AbortSignal,
): Promise<void> {
  given.throwIfAborted();
  const outgoing = begin(request, destination);
  const over = new AbortController();
  const stop = (error: Error) => over.abort(error); // the first one counts
  const giveUp = () => stop(given.reason as Error);
  given.addEventListener("abort", giveUp);
  const total = setTimeout(() => stop(new ProxyRefusal(504, "The request took too long.")), LIMITS.networkTotalMs);
  outgoing.setTimeout(LIMITS.networkIdleMs, () => stop(new ProxyRefusal(504, "Nothing came or went for too long.")));
  response.once("close", () => {
    if (!response.writableFinished) stop(new Error("the task went away"));
  });
  const broken = new Promise<never>((_, reject) =>
    over.signal.addEventListener("abort", () => reject(over.signal.reason as Error)),
  );
  broken.catch(() => {});
  try {
    // Once the answer has begun, it may come to its end without the rest of what was asked.
    let isAnswered = false;
    const stopAsking = (error: Error) => {
      if (!isAnswered || error instanceof ProxyRefusal) stop(error);
    };
    outgoing.on("error", stopAsking);
    outgoing.once("close", () => stopAsking(new Error("it answers with something else")));
    await Promise.race([within(LIMITS.networkConnectMs, "connecting to the host", connected(outgoing)), broken]);
    carry(request, outgoing, meters.up, stopAsking);
    const answered = new Promise<IncomingMessage>((resolve) => outgoing.once("response", resolve));
    const answer = await Promise.race([answered, broken]);
    isAnswered = true;
    response.sendDate = false;
    response.writeHead(answer.statusCode ?? 502, passedOn(answer.rawHeaders).flat());
    response.flushHeaders();
    carry(answer, response, meters.down, stop);
    const finished = new Promise<void>((resolve) => response.once("finish", resolve));
    await Promise.race([finished, broken]);
  } catch (error) {
    if (error instanceof ProxyRefusal) throw error;
    throw new ProxyRefusal(502, `The host did not answer as it should: ${wordsOf(error)}.`);
  } finally {
    clearTimeout(total);
    given.removeEventListener("abort", giveUp);
    outgoing.destroy();
  }
}

function begin(request: IncomingMessage, { way, isEncrypted, authority, path, headers }: Destination) {
  const { method = "GET" } = request;
  const length: [string, string][] =
    request.headers["transfer-encoding"] !== undefined
      ? [["transfer-encoding", "chunked"]]
      : request.headers["content-length"] === undefined && ["POST", "PUT", "PATCH"].includes(method)
        ? [["content-length", "0"]]
        : [];
  const options = {
    ...way,
    method,
    path,
    agent: false,
    setHost: false,
    maxHeaderSize: LIMITS.networkHeadBytes,
    headers: [["host", authority] as [string, string], ...headers, ...length, ["connection", "close"]].flat(),
  };
  return isEncrypted ? encryptedRequest(options) : plainRequest(options);
}

async function connected(outgoing: ClientRequest): Promise<void> {
  const socket = outgoing.socket ?? (await new Promise<Socket>((resolve) => outgoing.once("socket", resolve)));
  const event = "encrypted" in socket ? "secureConnect" : "connect";
  if (socket.connecting || event === "secureConnect") await new Promise((resolve) => socket.once(event, resolve));
}

/** A reason without an address in it: which one it was is nothing to the task. */
export function wordsOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : "the connection broke";
}
