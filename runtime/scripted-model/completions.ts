import * as z from "zod";
import { costOf, type ModelAnswer } from "./answer.ts";
import type { ModelTurn } from "./conversation.ts";
import { type Dialect, event, type ModelCall, textOf, type Voice, written } from "./dialect.ts";

const message = z.looseObject({ role: z.string(), content: written.nullish() });

const request = z.looseObject({
  model: z.string().max(200),
  messages: z.array(message).min(1),
  stream: z.boolean().optional(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  reasoning_effort: z.string().nullish(),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }).optional() })).nullish(),
});

/** What both APIs of OpenAI have in common. */
export const openAi: Pick<Dialect, "key" | "failure"> = {
  key: { header: "authorization", before: "Bearer " },
  failure(status, message, code) {
    const type = status === 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error";
    return { error: { message, type, param: null, code: code ?? null } };
  },
};

/** OpenAI's chat completions. */
export const completions: Dialect = {
  ...openAi,
  api: "openai-completions",
  path: /^\/v1\/chat\/completions(?:\?|$)/,
  garbage: 'data: {"choices":[{"delta":{"content":"this is no\n\n',
  read(body) {
    const { model, messages, stream, stream_options, reasoning_effort, tools } = request.parse(body);
    return {
      api: "openai-completions",
      model,
      sent: messages,
      turns: messages.map(turnOf),
      isStreamed: stream === true,
      wantsUsage: stream_options?.include_usage === true,
      effort: effortOf(reasoning_effort),
      tools: (tools ?? []).flatMap((tool) => tool.function?.name ?? []),
    };
  },
  speak: (answer) => new CompletionsVoice(answer),
  whole,
};

/** What is written of how much to think. */
export function effortOf(written: string | null | undefined): string | null {
  return written === undefined || written === "none" ? null : written;
}

function turnOf({ role, content }: z.infer<typeof message>): ModelTurn {
  const known = (["user", "assistant", "tool"] as const).find((one) => one === role);
  return { role: known ?? "system", text: textOf(content) };
}

class CompletionsVoice implements Voice {
  readonly #answer: ModelAnswer;
  #calls = 0;

  constructor(answer: ModelAnswer) {
    this.#answer = answer;
  }

  *begin(): Iterable<string> {
    yield this.#delta({ role: "assistant", content: "" });
  }

  *say(content: string): Iterable<string> {
    yield this.#delta({ content });
  }

  *think(reasoning_content: string): Iterable<string> {
    yield this.#delta({ reasoning_content });
  }

  *call({ tool }: ModelCall, parts: readonly string[]): Iterable<string> {
    const index = this.#calls++;
    const head = { index, id: callId(this.#answer, index), type: "function" };
    yield this.#delta({ tool_calls: [{ ...head, function: { name: tool, arguments: "" } }] });
    for (const part of parts) yield this.#delta({ tool_calls: [{ index, function: { arguments: part } }] });
  }

  *end(): Iterable<string> {
    yield this.#delta({}, finishOf(this.#answer));
    if (this.#answer.asked.wantsUsage) yield this.#chunk({ choices: [], usage: usageOf(this.#answer) });
    yield "data: [DONE]\n\n";
  }

  #delta(delta: object, finish_reason: string | null = null): string {
    return this.#chunk({ choices: [{ index: 0, delta, finish_reason }] });
  }

  #chunk(more: object): string {
    return event({ ...headOf(this.#answer, "chat.completion.chunk"), ...more });
  }
}

function whole(answer: ModelAnswer): object {
  const { acts } = answer.step;
  const said = (type: "say" | "think") => acts.flatMap((act) => (act.type === type ? act.text : [])).join("");
  const calls = acts.flatMap((act) => (act.type === "call" ? act : []));
  const tool_calls = calls.map(({ tool, input }, at) => ({
    id: callId(answer, at),
    type: "function",
    function: { name: tool, arguments: JSON.stringify(input) },
  }));
  const message = {
    role: "assistant",
    content: said("say") || null,
    reasoning_content: said("think") || undefined,
    tool_calls: calls.length === 0 ? undefined : tool_calls,
  };
  return {
    ...headOf(answer, "chat.completion"),
    choices: [{ index: 0, message, finish_reason: finishOf(answer) }],
    usage: usageOf(answer),
  };
}

function headOf({ asked, conversation }: ModelAnswer, object: string) {
  return { id: `chatcmpl-${conversation.digest}`, object, created: 0, model: asked.model };
}

function callId({ conversation }: ModelAnswer, index: number): string {
  return `call_${conversation.digest}_${index}`;
}

function finishOf({ step: { acts, finish } }: ModelAnswer): string {
  return finish ?? (acts.some(({ type }) => type === "call") ? "tool_calls" : "stop");
}

function usageOf(answer: ModelAnswer): object {
  const { input, output, cached } = costOf(answer);
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
  };
}
