import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { ModelAnswer } from "./answer.ts";
import type { Dialect } from "./dialect.ts";
import type { Act } from "./step.ts";
import { streamed } from "./streamed.ts";

/** Gives an answer, with all that takes time or goes wrong. */
export async function give(response: ServerResponse, dialect: Dialect, answer: ModelAnswer): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const { acts, retryAfter } = answer.step;
  const failure = failureOf(answer);
  if (failure !== undefined) {
    await pause(waitsBefore(acts, failure), gone.signal);
    if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
    return sendJson(response, failure.status, dialect.failure(failure.status, failure.message));
  }
  if (answer.asked.isStreamed || dialect.whole === undefined) return stream(response, dialect, answer, gone.signal);
  await pause(waitsBefore(acts), gone.signal);
  giveWhole(response, acts, dialect.whole(answer));
}

/** The error that is answered, where one is. */
export function failureOf({ step: { acts } }: ModelAnswer): Extract<Act, { type: "error" }> | undefined {
  return acts.find((act) => act.type === "error");
}

export function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function giveWhole(response: ServerResponse, acts: readonly Act[], whole: object): void {
  const isToBe = (trouble: Act["type"]) => acts.some(({ type }) => type === trouble);
  if (!isToBe("cut") && !isToBe("end") && !isToBe("garbage")) return sendJson(response, 200, whole);
  const text = JSON.stringify(whole);
  response.writeHead(200, { "content-type": "application/json" }).write(text.slice(0, text.length / 2));
  if (isToBe("cut")) response.destroy();
  else response.end();
}

async function stream(
  response: ServerResponse,
  dialect: Dialect,
  answer: ModelAnswer,
  gone: AbortSignal,
): Promise<void> {
  const send = async (text: string) => {
    if (!response.headersSent)
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    if (!response.write(text)) await once(response, "drain", { signal: gone });
  };
  for (const piece of streamed(dialect, answer)) {
    if (gone.aborted) return;
    if (piece.type === "wait") await pause(piece.milliseconds, gone);
    else await send(piece.type === "end" ? "" : piece.text);
    // What was written goes out before the connection ends.
    if (piece.type === "cut") return void response.write("", () => response.destroy());
  }
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
