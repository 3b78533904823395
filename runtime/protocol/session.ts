import * as z from "zod";
import { requestId, taskId } from "./ids.ts";
import { agentKind } from "./kinds.ts";

/** Name of the one session file of a task, in `tasks/<id>/guest/session`. */
export const SESSION_FILE = "session.jsonl";

/** First line of a session file: taskd's. Every line after it is the agent's own. */
export const sessionHead = z.strictObject({
  type: z.literal("piwork-session").describe("Mark of a session file."),
  version: z.literal(1).describe("Version of this line's format."),
  taskId,
  agent: agentKind,
  turns: z.int().nonnegative().describe("Number of completed turns."),
  lastTurn: requestId.describe("Request id of the last completed turn."),
  savedAt: z.iso.datetime().describe("Time of the last save."),
});
export type SessionHead = z.infer<typeof sessionHead>;

/** Longest first line of a session file, in bytes. */
export const SESSION_HEAD_BYTES = 4096;

/** The head of a session file, given how the file begins. Undefined for what is none. */
export function parseSessionHead(beginning: string): SessionHead | undefined {
  const end = beginning.indexOf("\n");
  if (end === -1) return undefined;
  try {
    const parsed = sessionHead.safeParse(JSON.parse(beginning.slice(0, end)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
