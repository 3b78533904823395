import { once } from "node:events";
import { setImmediate as otherEvents } from "node:timers/promises";
import { endMessage, say, startMessage, textDelta } from "./output.ts";
import type { ProbeTurn } from "./turns.ts";

/** What a flood repeats: a reader knows each of its bytes by its place. */
const PATTERN = "0123456789abcdef";
/** Bytes of one delta where none are asked for. */
const CHUNK_BYTES = 64 * 1024;

/** Says `BYTES [CHUNK]`, no faster than it is read. */
export async function flood({ signal }: ProbeTurn, sizes: string): Promise<string> {
  const [bytes = 0, chunk = CHUNK_BYTES] = sizes.split(/\s+/).map(Number);
  const pattern = PATTERN.repeat(Math.ceil(chunk / PATTERN.length) + 1);
  let said = 0;
  startMessage();
  while (said < bytes && !signal.aborted) {
    const start = said % PATTERN.length;
    const delta = pattern.slice(start, start + Math.min(chunk, bytes - said));
    said += delta.length;
    if (!say(textDelta(delta))) await drained(signal);
    await otherEvents(); // or an abort would never be read
  }
  const summary = `flooded ${said} bytes`;
  endMessage(summary, signal.aborted ? "aborted" : "stop");
  return summary;
}

async function drained(signal: AbortSignal): Promise<void> {
  await once(process.stdout, "drain", { signal }).catch((error: Error) => {
    if (error.name !== "AbortError") throw error;
  });
}

/** Says one line of that many bytes, newline included, or the shortest there is. */
export function sayLine(_turn: ProbeTurn, bytes: string): string {
  const around = JSON.stringify(textDelta("")).length + 1;
  startMessage();
  say(textDelta("x".repeat(Math.max(0, Number(bytes) - around))));
  const summary = `a line of ${bytes} bytes`;
  endMessage(summary);
  return summary;
}
