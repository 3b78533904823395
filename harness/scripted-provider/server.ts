import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type Answer, answerTo } from "./answer.ts";
import { streamed, whole } from "./completion.ts";
import { type CompletionRequest, completionRequest } from "./conversation.ts";
import { MODELS } from "./models.ts";
import { Records } from "./records.ts";
import type { Act } from "./step.ts";

/** A conversation with pictures in it is long. */
const BODY_BYTES = 64 * 1024 * 1024;

/** A server that speaks OpenAI's chat completions. Whoever asks it anything knows the key. */
export function createProvider(key: string): Server {
  const records = new Records();
  const isKey = sameAs(`Bearer ${key}`);
  return createServer((request, response) => {
    if (!isKey(request.headers.authorization ?? "")) {
      records.addUnauthorized();
      request.resume();
      return fail(response, 401, "Incorrect API key provided.", "invalid_api_key");
    }
    serve(request, response, records).catch((error: Error) => {
      if (response.headersSent || response.destroyed) return void response.destroy();
      fail(response, 500, error.message);
    });
  });
}

async function serve(request: IncomingMessage, response: ServerResponse, records: Records): Promise<void> {
  const route = `${request.method} ${request.url?.split("?")[0]}`;
  if (route === "GET /v1/models") return sendJson(response, 200, listOfModels());
  if (route === "GET /control/requests") return sendJson(response, 200, records);
  if (route !== "POST /v1/chat/completions")
    return fail(response, 404, `Unknown request URL: ${request.method} ${request.url}.`, "unknown_url");
  const body = await read(request);
  if (body === undefined) return fail(response, 413, `A request has at most ${BODY_BYTES} bytes.`);
  const parsed = completionRequest.safeParse(body);
  if (!parsed.success) return fail(response, 400, parsed.error.issues.map(({ message }) => message).join("; "));
  if (!MODELS.has(parsed.data.model))
    return fail(response, 404, `The model '${parsed.data.model}' does not exist.`, "model_not_found");
  const answer = answerTo(parsed.data, (digest) => records.count(digest));
  const failure = answer.step.acts.find((act) => act.type === "error");
  records.add({
    model: parsed.data.model,
    stream: parsed.data.stream === true,
    reasoningEffort: parsed.data.reasoning_effort ?? null,
    tools: answer.conversation.tools,
    messages: parsed.data.messages.length,
    prompt: answer.conversation.prompt,
    step: answer.conversation.answered + 1,
    attempt: answer.attempt,
    status: failure?.status ?? 200,
  });
  await give(response, parsed.data, answer, failure);
}

async function give(
  response: ServerResponse,
  request: CompletionRequest,
  answer: Answer,
  failure: Extract<Act, { type: "error" }> | undefined,
): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const { acts, retryAfter } = answer.step;
  if (failure !== undefined) {
    await pause(waitsBefore(acts, failure), gone.signal);
    if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
    return fail(response, failure.status, failure.message);
  }
  if (request.stream === true) return stream(response, request, answer, gone.signal);
  await pause(waitsBefore(acts), gone.signal);
  if (acts.some(({ type }) => type === "cut" || type === "end" || type === "garbage")) {
    const text = JSON.stringify(whole(request, answer));
    response.writeHead(200, { "content-type": "application/json" }).write(text.slice(0, text.length / 2));
    if (acts.some(({ type }) => type === "cut")) return void response.destroy();
    return void response.end();
  }
  sendJson(response, 200, whole(request, answer));
}

async function stream(
  response: ServerResponse,
  request: CompletionRequest,
  answer: Answer,
  gone: AbortSignal,
): Promise<void> {
  const send = async (text: string) => {
    if (!response.headersSent)
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    if (!response.write(text)) await once(response, "drain", { signal: gone });
  };
  for (const piece of streamed(request, answer)) {
    if (gone.aborted) return;
    if (piece.type === "wait") await pause(piece.milliseconds, gone);
    else if (piece.type === "chunk") await send(line(piece.chunk));
    else if (piece.type === "garbage") await send('data: {"choices":[{"delta":{"content":"this is no\n\n');
    else if (piece.type === "end") {
      await send("");
      return void response.end();
    } else {
      const whole = line(piece.chunk);
      await send(whole.slice(0, whole.length / 2));
      // What was written goes out before the connection ends.
      return void response.write("", () => response.destroy());
    }
  }
  await send("data: [DONE]\n\n");
  response.end();
}

/** Rejects where whoever asked has gone. */
async function pause(milliseconds: number, gone: AbortSignal): Promise<void> {
  if (milliseconds > 0) await delay(milliseconds, undefined, { signal: gone });
}

function waitsBefore(acts: readonly Act[], end?: Act): number {
  const until = end === undefined ? acts.length : acts.indexOf(end);
  return acts.slice(0, until).reduce((sum, act) => sum + (act.type === "wait" ? act.milliseconds : 0), 0);
}

function line(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
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
    data: [...MODELS.keys()].map((id) => ({ id, object: "model", created: 0, owned_by: "piwork" })),
  };
}

/** In the shape of OpenAI's errors. */
function fail(response: ServerResponse, status: number, message: string, code: string | null = null): void {
  const type = status === 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error";
  sendJson(response, status, { error: { message, type, param: null, code } });
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** Compares with a secret in a time that does not depend on it. */
function sameAs(secret: string): (given: string) => boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const known = digest(secret);
  return (given) => timingSafeEqual(digest(given), known);
}
