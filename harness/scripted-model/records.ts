import type { ModelAnswer } from "../../runtime/scripted-model/answer.ts";
import type { ModelRequest } from "../../runtime/scripted-model/conversation.ts";
import type { ModelObserver } from "../../runtime/scripted-model/server.ts";

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

/** Requests that are remembered. */
const REMEMBERED = 1000;
const PROMPT_CHARACTERS = 200;

/** Counts what was asked. Nothing is answered differently for it. */
export class ModelRecords implements ModelObserver {
  readonly #asked: AskedRequest[] = [];
  #total = 0;
  #unauthorized = 0;

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
