import * as z from "zod";
import { costOf, type ModelAnswer } from "../../runtime/scripted-model/answer.ts";
import { effortOf, openAi } from "../../runtime/scripted-model/completions.ts";
import type { ModelTurn } from "../../runtime/scripted-model/conversation.ts";
import { type Dialect, type ModelCall, textOf, type Voice, written } from "../../runtime/scripted-model/dialect.ts";
import { systemTurn, typedEvent } from "./dialect-parts.ts";

/** A message, a thought, a call, or what a tool has answered. */
const item = z.looseObject({
  type: z.string().optional(),
  role: z.string().optional(),
  content: written.optional(),
  output: written.optional(),
});

const request = z.looseObject({
  model: z.string().max(200),
  input: z.array(item).min(1),
  instructions: z.string().nullish(),
  stream: z.literal(true, "Answers are only streamed here."),
  reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
  tools: z.array(z.looseObject({ name: z.string().optional() })).nullish(),
});

/** OpenAI's responses. */
export const responses: Dialect = {
  ...openAi,
  api: "openai-responses",
  path: /^\/v1\/responses(?:\?|$)/,
  garbage: 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"this is no\n\n',
  read(body) {
    const { model, input, instructions, reasoning, tools } = request.parse(body);
    return {
      api: "openai-responses",
      model,
      sent: [instructions, input],
      turns: turnsOf(input, instructions ?? ""),
      isStreamed: true,
      wantsUsage: true,
      effort: effortOf(reasoning?.effort),
      tools: (tools ?? []).flatMap(({ name }) => name ?? []),
    };
  },
  speak: (answer) => new ResponsesVoice(answer),
};

/** Several items of the assistant that follow each other are one answer. */
function turnsOf(input: z.infer<typeof item>[], instructions: string): ModelTurn[] {
  const turns = systemTurn(instructions);
  for (const { type, role, content, output } of input) {
    const turn: ModelTurn = { role: roleOf(type, role), text: textOf(content ?? output) };
    const last = turns.at(-1);
    if (turn.role === "assistant" && last?.role === "assistant") last.text += turn.text;
    else turns.push(turn);
  }
  return turns;
}

function roleOf(type = "message", role = ""): ModelTurn["role"] {
  if (type === "function_call_output") return "tool";
  if (type !== "message" || role === "assistant") return "assistant";
  return role === "user" ? "user" : "system";
}

/** What is said and thought is sent alike, under other names. */
const SPOKEN = {
  message: {
    item: { id: "msg", role: "assistant" },
    list: "content",
    index: "content_index",
    part: "response.content_part",
    text: "response.output_text",
    describe: (text: string) => ({ type: "output_text", text, annotations: [] }),
  },
  reasoning: {
    item: { id: "rs" },
    list: "summary",
    index: "summary_index",
    part: "response.reasoning_summary_part",
    text: "response.reasoning_summary_text",
    describe: (text: string) => ({ type: "summary_text", text }),
  },
} as const;

class ResponsesVoice implements Voice {
  readonly #answer: ModelAnswer;
  /** the items that are over */
  readonly #output: object[] = [];
  /** what is being said or thought */
  #open: { type: keyof typeof SPOKEN; text: string } | undefined;
  #events = 0;

  constructor(answer: ModelAnswer) {
    this.#answer = answer;
  }

  *begin(): Iterable<string> {
    for (const type of ["response.created", "response.in_progress"])
      yield this.#event(type, { response: this.#describe("in_progress") });
  }

  say(text: string): Iterable<string> {
    return this.#speak("message", text);
  }

  think(text: string): Iterable<string> {
    return this.#speak("reasoning", text);
  }

  *call({ tool, input }: ModelCall, parts: readonly string[]): Iterable<string> {
    yield* this.#close();
    const facts = { type: "function_call", call_id: this.#id("call"), name: tool };
    yield this.#added({ id: this.#id("fc"), ...facts, arguments: "", status: "in_progress" });
    const place = { item_id: this.#id("fc"), output_index: this.#output.length };
    for (const delta of parts) yield this.#event("response.function_call_arguments.delta", { ...place, delta });
    const written = JSON.stringify(input);
    yield this.#event("response.function_call_arguments.done", { ...place, arguments: written });
    yield this.#done({ id: this.#id("fc"), ...facts, arguments: written, status: "completed" });
  }

  *end(): Iterable<string> {
    yield* this.#close();
    const status = this.#reason() === undefined ? "completed" : "incomplete";
    yield this.#event(`response.${status}`, { response: this.#describe(status) });
  }

  *#speak(type: keyof typeof SPOKEN, delta: string): Iterable<string> {
    const { item, list, part, text, describe } = SPOKEN[type];
    if (this.#open?.type !== type) {
      yield* this.#close();
      this.#open = { type, text: "" };
      yield this.#added({ ...item, id: this.#id(item.id), type, [list]: [], status: "in_progress" });
      yield this.#event(`${part}.added`, { ...this.#place(type), part: describe("") });
    }
    this.#open.text += delta;
    yield this.#event(`${text}.delta`, { ...this.#place(type), delta });
  }

  *#close(): Iterable<string> {
    if (this.#open === undefined) return;
    const { type, text: said } = this.#open;
    this.#open = undefined;
    const { item, list, part, text, describe } = SPOKEN[type];
    const place = this.#place(type);
    yield this.#event(`${text}.done`, { ...place, text: said });
    yield this.#event(`${part}.done`, { ...place, part: describe(said) });
    yield this.#done({ ...item, id: this.#id(item.id), type, [list]: [describe(said)], status: "completed" });
  }

  #added(item: object): string {
    return this.#event("response.output_item.added", { output_index: this.#output.length, item });
  }

  #done(item: object): string {
    this.#output.push(item);
    return this.#event("response.output_item.done", { output_index: this.#output.length - 1, item });
  }

  #place(type: keyof typeof SPOKEN): object {
    const { item, index } = SPOKEN[type];
    return { item_id: this.#id(item.id), output_index: this.#output.length, [index]: 0 };
  }

  /** Of the item that is being sent. */
  #id(kind: string): string {
    return `${kind}_${this.#answer.conversation.digest}_${this.#output.length}`;
  }

  #event(type: string, more: object): string {
    return typedEvent({ type, sequence_number: this.#events++, ...more });
  }

  #describe(status: string): object {
    const { asked, conversation } = this.#answer;
    const reason = this.#reason();
    return {
      id: `resp_${conversation.digest}`,
      object: "response",
      created_at: 0,
      model: asked.model,
      status,
      output: this.#output,
      error: null,
      incomplete_details: status === "incomplete" ? { reason } : null,
      usage: status === "in_progress" ? null : usageOf(this.#answer),
    };
  }

  /** Why it is not complete, where it is not. */
  #reason(): string | undefined {
    const { finish } = this.#answer.step;
    if (finish === "stop" || finish === "tool_calls") return undefined;
    return finish === "length" ? "max_output_tokens" : finish;
  }
}

function usageOf(answer: ModelAnswer): object {
  const { input, output, cached } = costOf(answer);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}
