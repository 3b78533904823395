import type { Answer } from "./answer.ts";
import type { CompletionRequest } from "./conversation.ts";
import type { Act, Step, Usage } from "./step.ts";

/** A piece of an answer: what is sent, or what happens between two of them. */
export type Piece =
  | { type: "chunk"; chunk: object }
  | { type: "wait"; milliseconds: number }
  | { type: "garbage" }
  | { type: "cut"; chunk: object }
  | { type: "end" };

/** The pieces of a streamed answer, without what goes wrong before it begins. */
export function* streamed({ model, stream_options }: CompletionRequest, answer: Answer): Generator<Piece> {
  const { step, conversation } = answer;
  const head = { id: `chatcmpl-${conversation.digest}`, object: "chat.completion.chunk", created: 0, model };
  const choice = (delta: object, finish_reason: string | null = null) => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason }],
  });
  let isFirst = true;
  let calls = 0;
  for (const act of step.acts) {
    if (act.type === "wait" || act.type === "garbage" || act.type === "end") {
      yield act;
      if (act.type === "end") return;
      continue;
    }
    if (isFirst) yield { type: "chunk", chunk: choice({ role: "assistant", content: "" }) };
    isFirst = false;
    if (act.type === "cut") {
      yield { type: "cut", chunk: choice({ content: "what was to be said here is cut" }) };
      return;
    }
    for (const delta of deltasOf(act, step.piece, conversation.digest, calls)) {
      if (step.pace > 0) yield { type: "wait", milliseconds: step.pace };
      yield { type: "chunk", chunk: choice(delta) };
    }
    if (act.type === "call") calls++;
  }
  yield { type: "chunk", chunk: choice({}, finishOf(step)) };
  if (stream_options?.include_usage === true)
    yield { type: "chunk", chunk: { ...head, choices: [], usage: usageOf(answer) } };
}

/** The same answer in one piece. */
export function whole({ model }: CompletionRequest, answer: Answer): object {
  const { step, conversation } = answer;
  const said = (type: "say" | "think") => step.acts.flatMap((act) => (act.type === type ? act.text : [])).join("");
  const calls = step.acts.flatMap((act) => (act.type === "call" ? act : []));
  const message = {
    role: "assistant",
    content: said("say") || null,
    ...(said("think") === "" ? {} : { reasoning_content: said("think") }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map(({ tool, input }, at) => ({
            id: callId(conversation.digest, at),
            type: "function",
            function: { name: tool, arguments: JSON.stringify(input) },
          })),
        }),
  };
  return {
    id: `chatcmpl-${conversation.digest}`,
    object: "chat.completion",
    created: 0,
    model,
    choices: [{ index: 0, message, finish_reason: finishOf(step) }],
    usage: usageOf(answer),
  };
}

function* deltasOf(act: Act, piece: number, digest: string, index: number): Generator<object> {
  if (act.type === "say") for (const content of pieces(act.text, piece)) yield { content };
  if (act.type === "think") for (const reasoning_content of pieces(act.text, piece)) yield { reasoning_content };
  if (act.type !== "call") return;
  const head = { index, id: callId(digest, index), type: "function" };
  yield { tool_calls: [{ ...head, function: { name: act.tool, arguments: "" } }] };
  for (const part of pieces(JSON.stringify(act.input), piece))
    yield { tool_calls: [{ index, function: { arguments: part } }] };
}

function* pieces(text: string, length: number): Generator<string> {
  if (text === "") return;
  const characters = length >= text.length ? [text] : Array.from(text);
  for (let at = 0; at < characters.length; at += length) yield characters.slice(at, at + length).join("");
}

function callId(digest: string, index: number): string {
  return `call_${digest}_${index}`;
}

function finishOf({ acts, finish }: Step): string {
  return finish ?? (acts.some(({ type }) => type === "call") ? "tool_calls" : "stop");
}

function usageOf({ step, conversation }: Answer): object {
  const { input, output, cached }: Usage = step.usage ?? {
    input: tokens(conversation.characters),
    output: tokens(step.acts.reduce((sum, act) => sum + ("text" in act ? act.text.length : 0), 0)),
    cached: 0,
  };
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

/** As a rule of thumb. */
function tokens(characters: number): number {
  return Math.ceil(characters / 4);
}
