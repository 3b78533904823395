import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as z from "zod";
import { Attempts, answerTo, type ModelAnswer } from "./answer.ts";
import { completions } from "./completions.ts";
import type { Dialect } from "./dialect.ts";
import { failureOf, give, sendJson } from "./give.ts";
import { SCRIPTED_VIEW } from "./models.ts";

/** A conversation with pictures in it is long. */
const BODY_BYTES = 64 * 1024 * 1024;
const IDS: readonly string[] = SCRIPTED_VIEW.models.map(({ id }) => id);

/** Told of every request; a program that has one answers GET /control/requests with it. */
export interface ModelObserver {
  add(answer: ModelAnswer, status: number): void;
  addUnauthorized(): void;
  toJSON(): object;
}

/**
 * Runs the server as a program: takes the key from PIWORK_SCRIPTED_KEY, prints its port as a line of JSON, and ends when its input
 * ends, so that it does not outlive its parent.
 */
export async function serveDialects(dialects: readonly Dialect[], observer?: ModelObserver): Promise<void> {
  const key = process.env["PIWORK_SCRIPTED_KEY"] ?? "";
  if (key === "") {
    console.error("Set PIWORK_SCRIPTED_KEY to the key that requests are to carry.");
    process.exit(2);
  }
  const server = createProvider(key, dialects, observer).listen(0, "127.0.0.1");
  await once(server, "listening");
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
  process.stdin.on("close", () => process.exit(0)).resume();
}

/** A server that speaks these APIs. Every request must carry the key. */
function createProvider(key: string, dialects: readonly Dialect[], observer: ModelObserver | undefined): Server {
  const attempts = new Attempts();
  const isKey = sameAs(key);
  return createServer((request, response) => {
    const { method, url = "" } = request;
    const found = method === "POST" ? dialects.find(({ path }) => path.test(url)) : undefined;
    // What is no request for an answer is asked and refused as OpenAI would.
    const dialect = found ?? completions;
    const fail: Fail = (status, message, code) => sendJson(response, status, dialect.failure(status, message, code));
    if (!isKey(keyOf(request, dialect))) {
      observer?.addUnauthorized();
      request.resume();
      return fail(401, "Incorrect API key provided.", "invalid_api_key");
    }
    if (found === undefined) {
      const route = `${method} ${url.split("?")[0]}`;
      if (route === "GET /v1/models") return sendJson(response, 200, listOfModels());
      if (route === "GET /control/requests" && observer !== undefined) return sendJson(response, 200, observer);
      return fail(404, `Unknown request URL: ${method} ${url}.`, "unknown_url");
    }
    const count = (answer: ModelAnswer) => observer?.add(answer, failureOf(answer)?.status ?? 200);
    answer(request, response, found, attempts, count, fail).catch((error: Error) => {
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (error instanceof z.ZodError) return fail(400, error.issues.map(({ message }) => message).join("; "));
      fail(500, error.message);
    });
  });
}

type Fail = (status: number, message: string, code?: string) => void;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  dialect: Dialect,
  attempts: Attempts,
  count: (answer: ModelAnswer) => void,
  fail: Fail,
): Promise<void> {
  const body = await read(request);
  if (body === undefined) return fail(413, `A request has at most ${BODY_BYTES} bytes.`);
  const asked = dialect.read(body, dialect.path.exec(request.url ?? "")?.[1]);
  if (!IDS.includes(asked.model)) return fail(404, `The model '${asked.model}' does not exist.`, "model_not_found");
  const answer = answerTo(asked, attempts);
  count(answer);
  await give(response, dialect, answer);
}

/** The key that a request carries where its API wants it. */
function keyOf({ headers }: IncomingMessage, { key: { header, before } }: Dialect): string {
  const written = String(headers[header] ?? "");
  return written.startsWith(before) ? written.slice(before.length) : "";
}

/** The JSON of a body, `null` where it is none; undefined where there is too much of it. */
async function read(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes <= BODY_BYTES) parts.push(part);
  }
  if (bytes > BODY_BYTES) return undefined;
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return null;
  }
}

function listOfModels(): object {
  return {
    object: "list",
    data: IDS.map((id) => ({ id, object: "model", created: 0, owned_by: "piwork" })),
  };
}

/** Compares with a secret in a time that does not depend on it. */
function sameAs(secret: string): (given: string) => boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const known = digest(secret);
  return (given) => timingSafeEqual(digest(given), known);
}
