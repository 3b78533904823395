import type { ModelAnswer } from "./answer.ts";
import type { ModelRequest } from "./conversation.ts";

/** What was asked, for whoever wants to know afterwards. */
export interface AskedRequest {
  api: ModelRequest["api"];
  model: string;
  stream: boolean;
  /** as the client wrote it; null where nothing is to be thought */
  reasoningEffort: string | null;
  tools: string[];
  messages: number;
  /** beginning of the last message of the user */
  prompt: string;
  /** which step of a script, from 1, and how often this very conversation was asked about */
  step: number;
  attempt: number;
  status: number;
}

/** Requests and conversations that are remembered. */
const REMEMBERED = 1000;
const PROMPT_CHARACTERS = 200;

/** Counts what was asked. Nothing is answered differently for it, but what a script says goes wrong only so often. */
export class ModelRecords {
  readonly #asked: AskedRequest[] = [];
  readonly #attempts = new Map<string, number>();
  #total = 0;
  #unauthorized = 0;

  /** How often this conversation was asked about, this time included. */
  count(digest: string): number {
    const attempt = (this.#attempts.get(digest) ?? 0) + 1;
    this.#attempts.delete(digest);
    this.#attempts.set(digest, attempt);
    const [oldest] = this.#attempts.keys();
    if (this.#attempts.size > REMEMBERED && oldest !== undefined) this.#attempts.delete(oldest);
    return attempt;
  }

  add({ asked, conversation, attempt }: ModelAnswer, status: number): void {
    this.#total++;
    this.#asked.push({
      api: asked.api,
      model: asked.model,
      stream: asked.isStreamed,
      reasoningEffort: asked.effort,
      tools: conversation.tools,
      messages: asked.turns.length,
      prompt: conversation.prompt.slice(0, PROMPT_CHARACTERS),
      step: conversation.answered + 1,
      attempt,
      status,
    });
    if (this.#asked.length > REMEMBERED) this.#asked.shift();
  }

  addUnauthorized(): void {
    this.#unauthorized++;
  }

  toJSON(): { total: number; unauthorized: number; requests: readonly AskedRequest[] } {
    return { total: this.#total, unauthorized: this.#unauthorized, requests: this.#asked };
  }
}
