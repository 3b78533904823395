import * as z from "zod";
import { type ThinkingLevel, thinkingLevel } from "./kinds.ts";
import { LIMITS } from "./limits.ts";

/**
 * The part of pi's RPC that we read or write: JSON lines on the agent's stdin and stdout.
 * Agents may say more than this; what is not understood is passed on untouched.
 */
export const agentResponse = z.looseObject({
  type: z.literal("response"),
  id: z.string().optional(),
  command: z.string(),
  success: z.boolean(),
  error: z.string().optional(),
});

const textContent = z.looseObject({ type: z.literal("text"), text: z.string() });
/** What was said, in parts of which some are text. */
export const content = z.array(z.union([textContent, z.looseObject({ type: z.string() })]));
const toolResult = z.looseObject({
  content,
  /** of an edit: what it changed */
  details: z.looseObject({ diff: z.string() }).optional().catch(undefined),
});

/** What an agent shows while it works, as far as a person sees it. */
export const agentDisplay = z.union([
  z.looseObject({
    type: z.literal("message_update"),
    assistantMessageEvent: z.looseObject({ type: z.enum(["text_delta", "thinking_delta"]), delta: z.string() }),
  }),
  /** somebody said this while it worked */
  z.looseObject({
    type: z.literal("message_start"),
    message: z.looseObject({ role: z.literal("user"), content: z.union([z.string(), content]) }),
  }),
  /** an answer of the model is over */
  z.looseObject({
    type: z.literal("message_end"),
    message: z.looseObject({
      role: z.literal("assistant"),
      stopReason: z.string(),
      errorMessage: z.string().optional(),
    }),
  }),
  z.looseObject({
    type: z.literal("auto_retry_start"),
    attempt: z.number(),
    maxAttempts: z.number(),
    delayMs: z.number(),
  }),
  z.looseObject({ type: z.literal("compaction_start") }),
  z.looseObject({
    type: z.literal("tool_execution_start"),
    toolCallId: z.string(),
    toolName: z.string(),
    args: z.record(z.string(), z.unknown()),
  }),
  z.looseObject({ type: z.literal("tool_execution_update"), toolCallId: z.string(), partialResult: toolResult }),
  z.looseObject({
    type: z.literal("tool_execution_end"),
    toolCallId: z.string(),
    result: toolResult,
    isError: z.boolean(),
  }),
]);
type AgentDisplay = z.infer<typeof agentDisplay>;

/** The text parts of what was said, joined. */
export function textOf(said: string | z.infer<typeof content>): string {
  if (typeof said === "string") return said;
  return said.map((part) => ("text" in part && typeof part.text === "string" ? part.text : "")).join("");
}

/** What a tool's result says: of an edit, what it changed as well. */
export function toolResultText({ content, details }: z.infer<typeof toolResult>): string {
  const said = textOf(content);
  return details?.diff === undefined ? said : `${said}\n${details.diff}`;
}

/** What a tool was called to do, as one line where it can be. */
export function toolCallText(tool: string, args: Record<string, unknown>): string {
  const { command, path } = args;
  if (typeof command === "string") return command;
  return `${tool} ${typeof path === "string" ? path : JSON.stringify(args)}`;
}

/** What an agent tells of itself beside what it says and does; undefined for everything else. */
export function noteOf(message: AgentDisplay): string | undefined {
  switch (message.type) {
    case "message_end": {
      const ending = endingOf(message);
      if (ending === "aborted") return "The turn was ended before the agent had finished.";
      const { errorMessage = "without a word" } = message.message;
      return ending === "failed" ? `The model did not answer to the end: ${errorMessage.trim()}` : undefined;
    }
    case "auto_retry_start":
      return `Trying again in ${Math.ceil(message.delayMs / 1000)} s (${message.attempt} of ${message.maxAttempts}).`;
    case "compaction_start":
      return "The conversation has become long; the agent sums up its earlier part.";
    default:
      return undefined;
  }
}

/** How an answer of the model ended: by itself, because it did not go on, or because somebody ended it; undefined for everything else. */
export function endingOf(message: AgentDisplay): "finished" | "failed" | "aborted" | undefined {
  if (message.type !== "message_end") return undefined;
  const { stopReason } = message.message;
  if (stopReason === "error") return "failed";
  return stopReason === "aborted" ? "aborted" : "finished";
}

/** Other requests of the same type only show something, and wait for no answer. */
export const dialogQuestion = z
  .strictObject({
    id: z.string().min(1).max(128).describe("Id of the question, made by the agent."),
    method: z.enum(["select", "confirm", "input", "editor"]).describe("Kind of answer that the agent expects."),
    title: z.string().max(1000).describe("The question in one line."),
    message: z.string().max(16_000).optional().describe("Text below the title."),
    options: z.array(z.string().max(1000)).max(100).optional().describe("Choices of a `select`."),
    placeholder: z.string().max(1000).optional().describe("Text shown in an empty `input`."),
    prefill: z.string().max(LIMITS.answerCharacters).optional().describe("Initial text of an `editor`."),
  })
  .meta({ title: "question", description: "Question of an agent that waits for an answer." });
export type DialogQuestion = z.infer<typeof dialogQuestion>;

/** The same as an agent writes it, with whatever else it says. */
export const agentQuestion = z
  .looseObject({ type: z.literal("extension_ui_request") })
  .transform(({ type: _, ...question }) => question)
  .pipe(z.object(dialogQuestion.shape));

export const dialogAnswer = z
  .union([
    z.strictObject({
      value: z.string().max(LIMITS.answerCharacters).describe("Answer to `select`, `input` or `editor`."),
    }),
    z.strictObject({ confirmed: z.boolean().describe("Answer to `confirm`.") }),
    z.strictObject({ cancelled: z.literal(true).describe("Refusal to answer.") }),
  ])
  .meta({ title: "answer to a question", description: "Answer of a person to a question of an agent." });
export type DialogAnswer = z.infer<typeof dialogAnswer>;

/** An agent's answers to what taskd asks about models. */
const agentModel = z.looseObject({ provider: z.string(), id: z.string() });
export const agentModels = z.looseObject({ data: z.looseObject({ models: z.array(agentModel) }) });
export const agentState = z.looseObject({
  data: z.looseObject({ model: agentModel.nullish(), thinkingLevel: thinkingLevel.optional().catch(undefined) }),
});

/** What is asked of an agent; each gets a response with the same id. */
export type AgentRequest =
  | { type: "get_state" }
  | { type: "prompt"; message: string }
  | { type: "abort" }
  | { type: "steer" | "follow_up"; message: string }
  | { type: "new_session" }
  | { type: "switch_session"; sessionPath: string }
  | { type: "get_available_models" }
  | { type: "set_model"; provider: string; modelId: string }
  | { type: "set_thinking_level"; level: ThinkingLevel };

/** What an agent is told without a response. */
export type AgentNotice = { type: "extension_ui_response"; id: string } & DialogAnswer;
