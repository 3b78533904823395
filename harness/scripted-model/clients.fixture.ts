import type { ModelTurn } from "../../runtime/scripted-model/conversation.ts";
import type { Heard } from "../../runtime/scripted-model/provider.fixture.ts";

/** What an answer says, whichever API it came by. */
export interface Said {
  text: string;
  thoughts: string;
  calls: { tool: string; written: string; parts: number }[];
  finish: string | undefined;
  usage: object | undefined;
}

/** How one API is asked, and how its answers are understood; written apart from the server, by what the API's own documents say. */
export interface Client {
  path: (model: string) => string;
  keyHeader: string;
  keyBefore: string;
  body: (model: string, turns: readonly ModelTurn[], thinks: boolean) => object;
  /** Takes what an event says into account. */
  hear: (said: Said, event: Heard) => void;
}

const TOOLS = ["read", "bash"];

export const anthropicClient: Client = {
  path: () => "/v1/messages",
  keyHeader: "x-api-key",
  keyBefore: "",
  body: (model, turns, thinks) => ({
    model,
    max_tokens: 1000,
    stream: true,
    tools: TOOLS.map((name) => ({ name, input_schema: {} })),
    system: [{ type: "text", text: "You are a test." }],
    thinking: thinks ? { type: "enabled", budget_tokens: 1024 } : { type: "disabled" },
    messages: turns.map(({ role, text }) => {
      if (role === "tool") return { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: text }] };
      if (role === "user") return { role, content: [{ type: "text", text, cache_control: { type: "ephemeral" } }] };
      return {
        role,
        content: [
          { type: "text", text },
          { type: "tool_use", id: "a", name: "read", input: {} },
        ],
      };
    }),
  }),
  hear(said, { data }) {
    const event = JSON.parse(data) as AnthropicEvent;
    const { content_block: block, delta } = event;
    if (block?.type === "tool_use") said.calls.push({ tool: block.name ?? "", written: "", parts: 0 });
    said.text += delta?.text ?? "";
    said.thoughts += delta?.thinking ?? "";
    if (delta?.partial_json !== undefined) addPart(said, delta.partial_json);
    said.finish = delta?.stop_reason ?? said.finish;
    said.usage = event.usage ?? said.usage;
  },
};

interface AnthropicEvent {
  content_block?: { type: string; name?: string };
  delta?: { text?: string; thinking?: string; partial_json?: string; stop_reason?: string };
  usage?: object;
}

export const responsesClient: Client = {
  path: () => "/v1/responses",
  keyHeader: "authorization",
  keyBefore: "Bearer ",
  body: (model, turns, thinks) => ({
    model,
    stream: true,
    store: false,
    tools: TOOLS.map((name) => ({ type: "function", name })),
    reasoning: thinks ? { effort: "high", summary: "auto" } : { effort: "none" },
    input: [
      { role: "developer", content: "You are a test." },
      ...turns.flatMap(({ role, text }): object[] => {
        if (role === "tool") return [{ type: "function_call_output", call_id: "a", output: text }];
        if (role === "user") return [{ role, content: [{ type: "input_text", text }] }];
        return [
          { type: "reasoning", id: "rs_1", summary: [] },
          { type: "message", role, content: [{ type: "output_text", text }] },
          { type: "function_call", id: "fc_1", call_id: "a", name: "read", arguments: "{}" },
        ];
      }),
    ],
  }),
  hear(said, { data }) {
    const { type, delta = "", item, response } = JSON.parse(data) as ResponsesEvent;
    if (type === "response.output_text.delta") said.text += delta;
    if (type === "response.reasoning_summary_text.delta") said.thoughts += delta;
    if (type === "response.function_call_arguments.delta") addPart(said, delta);
    if (type === "response.output_item.added" && item?.type === "function_call")
      said.calls.push({ tool: item.name ?? "", written: "", parts: 0 });
    if (type !== "response.completed" && type !== "response.incomplete") return;
    said.finish = response?.incomplete_details?.reason ?? response?.status;
    said.usage = response?.usage;
  },
};

interface ResponsesEvent {
  type: string;
  delta?: string;
  item?: { type: string; name?: string };
  response?: { status: string; incomplete_details: { reason: string } | null; usage: object };
}

export const googleClient: Client = {
  path: (model) => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
  keyHeader: "x-goog-api-key",
  keyBefore: "",
  body: (_, turns, thinks) => ({
    tools: [{ functionDeclarations: TOOLS.map((name) => ({ name })) }],
    systemInstruction: { role: "user", parts: [{ text: "You are a test." }] },
    generationConfig: {
      thinkingConfig: thinks ? { includeThoughts: true, thinkingLevel: "LOW" } : { thinkingBudget: 0 },
    },
    contents: turns.map(({ role, text }) => {
      if (role === "tool")
        return { role: "user", parts: [{ functionResponse: { name: "read", response: { output: text } } }] };
      if (role === "user") return { role, parts: [{ text }] };
      return { role: "model", parts: [{ text }, { functionCall: { name: "read", args: {} } }] };
    }),
  }),
  hear(said, { data }) {
    const { candidates: [candidate] = [], usageMetadata } = JSON.parse(data) as GoogleEvent;
    for (const { text = "", thought, functionCall } of candidate?.content?.parts ?? []) {
      said[thought ? "thoughts" : "text"] += text;
      if (functionCall === undefined) continue;
      said.calls.push({ tool: functionCall.name, written: JSON.stringify(functionCall.args), parts: 1 });
    }
    said.finish = candidate?.finishReason ?? said.finish;
    said.usage = usageMetadata ?? said.usage;
  },
};

interface GoogleEvent {
  candidates?: {
    content?: { parts: { text?: string; thought?: boolean; functionCall?: { name: string; args: object } }[] };
    finishReason?: string;
  }[];
  usageMetadata?: object;
}

function addPart(said: Said, part: string): void {
  const call = said.calls.at(-1);
  if (call === undefined) throw new Error("arguments of no call");
  call.written += part;
  call.parts++;
}
