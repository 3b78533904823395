import { randomUUID } from "node:crypto";
import { say, speak } from "./output.ts";
import type { ProbeTurn } from "./turns.ts";

const open = new Map<string, (answer: object) => void>();

/** Asks `METHOD TITLE [| OPTION | OPTION...]`, waits for the answer and says it. */
export async function ask({ signal }: ProbeTurn, question: string): Promise<string> {
  const [, method, rest = ""] = /^(\S+)\s+(.*)$/s.exec(question) ?? [];
  const [title, ...options] = rest.split("|").map((part) => part.trim());
  const id = `ask-${randomUUID()}`; // an answer to a question of an earlier life must not fit
  const answer = await new Promise<object | undefined>((resolve) => {
    open.set(id, resolve);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
    say({ type: "extension_ui_request", id, method, title, ...(options.length > 0 && { options }) });
  });
  open.delete(id);
  return answer === undefined ? "" : speak(`answer: ${JSON.stringify(answer)}`);
}

/** Takes what came for a question; without an open one of that id, nothing happens. */
export function receiveAnswer({ type: _, id, ...answer }: Record<string, unknown>): void {
  open.get(String(id))?.(answer);
}
