import * as z from "zod";
import { costOf, type ModelAnswer } from "../../runtime/scripted-model/answer.ts";
import type { ModelRequest, ModelTurn } from "../../runtime/scripted-model/conversation.ts";
import { type Dialect, type ModelCall, textOf, type Voice, written } from "../../runtime/scripted-model/dialect.ts";
import { systemTurn, turnsWith, typedEvent } from "./dialect-parts.ts";

const block = z.looseObject({ type: z.string(), text: z.string().optional(), content: written.optional() });

const message = z.looseObject({
  role: z.enum(["user", "assistant"]),
  content: z.union([z.string(), z.array(block)]),
});

const request = z.looseObject({
  model: z.string().max(200),
  messages: z.array(message).min(1),
  system: written.optional(),
  stream: z.literal(true, "Answers are only streamed here."),
  thinking: z.looseObject({ type: z.string(), budget_tokens: z.number().optional() }).optional(),
  output_config: z.looseObject({ effort: z.string().optional() }).optional(),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
});

/** Of an error; others are `api_error`. */
const ERRORS: ReadonlyMap<number, string> = new Map([
  [400, "invalid_request_error"],
  [401, "authentication_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [529, "overloaded_error"],
]);

/** Why an answer ends, where a script says it in OpenAI's words. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["stop", "end_turn"],
  ["tool_calls", "tool_use"],
  ["length", "max_tokens"],
  ["content_filter", "refusal"],
]);

/** Anthropic's messages. */
export const anthropic: Dialect = {
  api: "anthropic-messages",
  path: /^\/v1\/messages(?:\?|$)/,
  key: { header: "x-api-key", before: "" },
  garbage: 'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"this is no\n\n',
  read(body): ModelRequest {
    const asked = request.parse(body);
    const { model, messages, system, tools = [] } = asked;
    return {
      api: "anthropic-messages",
      model,
      sent: [system, messages],
      isStreamed: true,
      wantsUsage: true,
      effort: effortOf(asked),
      tools: tools.map(({ name }) => name),
      turns: [...systemTurn(textOf(system)), ...messages.flatMap(turnsOf)],
    };
  },
  speak: (answer) => new MessagesVoice(answer),
  failure: (status, message) => ({ type: "error", error: { type: ERRORS.get(status) ?? "api_error", message } }),
};

function turnsOf({ role, content }: z.infer<typeof message>): ModelTurn[] {
  if (typeof content === "string") return [{ role, text: content }];
  const results = content.flatMap(({ type, content }) => (type === "tool_result" ? textOf(content) : []));
  return turnsWith(
    results,
    role,
    content.filter(({ type }) => type !== "tool_result"),
  );
}

function effortOf({ thinking, output_config }: z.infer<typeof request>): string | null {
  if (thinking === undefined || thinking.type === "disabled") return null;
  return output_config?.effort ?? String(thinking.budget_tokens ?? thinking.type);
}

/** What is said and thought is sent alike, under other names. */
const SPOKEN = {
  text: {
    empty: { type: "text", text: "" },
    delta: (text: string) => ({ type: "text_delta", text }),
  },
  thinking: {
    empty: { type: "thinking", thinking: "", signature: "" },
    delta: (thinking: string) => ({ type: "thinking_delta", thinking }),
  },
};

class MessagesVoice implements Voice {
  readonly #answer: ModelAnswer;
  /** the block that is being sent */
  #index = 0;
  #open: keyof typeof SPOKEN | undefined;

  constructor(answer: ModelAnswer) {
    this.#answer = answer;
  }

  *begin(): Iterable<string> {
    const { asked, conversation } = this.#answer;
    const message = {
      id: `msg_${conversation.digest}`,
      type: "message",
      role: "assistant",
      model: asked.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...usageOf(this.#answer), output_tokens: 1 },
    };
    yield typedEvent({ type: "message_start", message });
  }

  say(text: string): Iterable<string> {
    return this.#speak("text", text);
  }

  think(text: string): Iterable<string> {
    return this.#speak("thinking", text);
  }

  *call({ tool: name }: ModelCall, parts: readonly string[]): Iterable<string> {
    yield* this.#close();
    const id = `toolu_${this.#answer.conversation.digest}_${this.#index}`;
    yield this.#event("content_block_start", { content_block: { type: "tool_use", id, name, input: {} } });
    for (const partial_json of parts) yield this.#delta({ type: "input_json_delta", partial_json });
    yield this.#stop();
  }

  *end(): Iterable<string> {
    yield* this.#close();
    const delta = { stop_reason: reasonOf(this.#answer), stop_sequence: null };
    yield typedEvent({ type: "message_delta", delta, usage: usageOf(this.#answer) });
    yield typedEvent({ type: "message_stop" });
  }

  *#speak(type: keyof typeof SPOKEN, text: string): Iterable<string> {
    const { empty, delta } = SPOKEN[type];
    if (this.#open !== type) {
      yield* this.#close();
      this.#open = type;
      yield this.#event("content_block_start", { content_block: empty });
    }
    yield this.#delta(delta(text));
  }

  *#close(): Iterable<string> {
    if (this.#open === undefined) return;
    // A thought without it is not taken for one when it comes back.
    if (this.#open === "thinking")
      yield this.#delta({ type: "signature_delta", signature: this.#answer.conversation.digest });
    this.#open = undefined;
    yield this.#stop();
  }

  #delta(delta: object): string {
    return this.#event("content_block_delta", { delta });
  }

  #stop(): string {
    const stop = this.#event("content_block_stop", {});
    this.#index++;
    return stop;
  }

  #event(type: string, more: object): string {
    return typedEvent({ type, index: this.#index, ...more });
  }
}

function reasonOf({ step: { acts, finish } }: ModelAnswer): string {
  if (finish !== undefined) return REASONS.get(finish) ?? finish;
  return acts.some(({ type }) => type === "call") ? "tool_use" : "end_turn";
}

/** What was known before does not count as input here. */
function usageOf(answer: ModelAnswer): object {
  const { input, output, cached } = costOf(answer);
  return {
    input_tokens: Math.max(0, input - cached),
    output_tokens: output,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: 0,
  };
}
