import * as z from "zod";
import { costOf, type ModelAnswer } from "../../runtime/scripted-model/answer.ts";
import type { ModelRequest, ModelTurn } from "../../runtime/scripted-model/conversation.ts";
import { type Dialect, event, type ModelCall, textOf, type Voice } from "../../runtime/scripted-model/dialect.ts";
import { systemTurn, turnsWith } from "./dialect-parts.ts";

const part = z.looseObject({
  text: z.string().optional(),
  functionResponse: z.looseObject({ response: z.record(z.string(), z.unknown()) }).optional(),
});

const content = z.looseObject({ role: z.enum(["user", "model"]).optional(), parts: z.array(part) });

const thinkingConfig = z.looseObject({
  includeThoughts: z.boolean().optional(),
  thinkingBudget: z.number().optional(),
  thinkingLevel: z.string().optional(),
});

const request = z.looseObject({
  contents: z.array(content).min(1),
  systemInstruction: content.optional(),
  generationConfig: z.looseObject({ thinkingConfig: thinkingConfig.optional() }).optional(),
  tools: z
    .array(z.looseObject({ functionDeclarations: z.array(z.looseObject({ name: z.string() })).optional() }))
    .optional(),
});

/** Of an error; others are `UNKNOWN`. */
const ERRORS: ReadonlyMap<number, string> = new Map([
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [429, "RESOURCE_EXHAUSTED"],
  [500, "INTERNAL"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);

/** Why an answer ends, where a script says it in OpenAI's words. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["stop", "STOP"],
  ["tool_calls", "STOP"],
  ["length", "MAX_TOKENS"],
  ["content_filter", "SAFETY"],
]);

/** Google's generative language, whose address has the model in it. */
export const google: Dialect = {
  api: "google-generative-ai",
  path: /^\/v1beta\/models\/([^/:?]+):streamGenerateContent\?alt=sse$/,
  key: { header: "x-goog-api-key", before: "" },
  garbage: 'data: {"candidates":[{"content":{"parts":[{"text":"this is no\n\n',
  read(body, model = ""): ModelRequest {
    const { contents, systemInstruction, generationConfig, tools = [] } = request.parse(body);
    return {
      api: "google-generative-ai",
      model,
      sent: [systemInstruction, contents],
      isStreamed: true,
      wantsUsage: true,
      effort: effortOf(generationConfig?.thinkingConfig ?? {}),
      tools: tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations.map(({ name }) => name)),
      turns: [...systemTurn(textOf(systemInstruction?.parts)), ...contents.flatMap(turnsOf)],
    };
  },
  speak: (answer) => new GoogleVoice(answer),
  failure: (code, message) => ({ error: { code, message, status: ERRORS.get(code) ?? "UNKNOWN" } }),
};

function turnsOf({ role, parts }: z.infer<typeof content>): ModelTurn[] {
  const results = parts.flatMap(({ functionResponse }) =>
    functionResponse ? resultOf(functionResponse.response) : [],
  );
  return turnsWith(
    results,
    role === "model" ? "assistant" : "user",
    parts.filter(({ functionResponse }) => functionResponse === undefined),
  );
}

function resultOf(response: Record<string, unknown>): string {
  const said = response["output"] ?? response["error"];
  return typeof said === "string" ? said : JSON.stringify(response);
}

function effortOf({ includeThoughts, thinkingLevel, thinkingBudget }: z.infer<typeof thinkingConfig>): string | null {
  return includeThoughts ? (thinkingLevel ?? String(thinkingBudget)) : null;
}

class GoogleVoice implements Voice {
  readonly #answer: ModelAnswer;
  #calls = 0;

  constructor(answer: ModelAnswer) {
    this.#answer = answer;
  }

  begin(): Iterable<string> {
    return [];
  }

  *say(text: string): Iterable<string> {
    yield this.#part({ text });
  }

  *think(text: string): Iterable<string> {
    yield this.#part({ text, thought: true });
  }

  /** Calls are not sent in parts here. */
  *call({ tool, input }: ModelCall): Iterable<string> {
    const id = `call_${this.#answer.conversation.digest}_${this.#calls++}`;
    yield this.#part({ functionCall: { id, name: tool, args: input } });
  }

  *end(): Iterable<string> {
    const { finish = "stop" } = this.#answer.step;
    yield this.#chunk({ finishReason: REASONS.get(finish) ?? finish }, { usageMetadata: usageOf(this.#answer) });
  }

  #part(part: object): string {
    return this.#chunk({ content: { parts: [part], role: "model" } });
  }

  #chunk(candidate: object, more: object = {}): string {
    const { asked, conversation } = this.#answer;
    const facts = { modelVersion: asked.model, responseId: conversation.digest };
    return event({ candidates: [{ ...candidate, index: 0 }], ...more, ...facts });
  }
}

function usageOf(answer: ModelAnswer): object {
  const { input, output, cached } = costOf(answer);
  return {
    promptTokenCount: input,
    candidatesTokenCount: output,
    totalTokenCount: input + output,
    cachedContentTokenCount: cached,
  };
}
