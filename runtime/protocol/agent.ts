import * as z from "zod";
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
const toolResult = z.looseObject({ content: z.array(z.union([textContent, z.looseObject({ type: z.string() })])) });

/** What an agent shows while it works, as far as a person sees it. */
export const agentDisplay = z.union([
  z.looseObject({
    type: z.literal("message_update"),
    assistantMessageEvent: z.looseObject({ type: z.literal("text_delta"), delta: z.string() }),
  }),
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

/** The text parts of a tool's result, joined. */
export function toolResultText(result: z.infer<typeof toolResult>): string {
  return result.content.map((part) => ("text" in part && typeof part.text === "string" ? part.text : "")).join("");
}

/** A question of an agent that waits for an answer. Other requests of the same type only show something. */
export const dialogQuestion = z.strictObject({
  id: z.string().min(1).max(128),
  method: z.enum(["select", "confirm", "input", "editor"]),
  title: z.string().max(1000),
  message: z.string().max(16_000).optional(),
  options: z.array(z.string().max(1000)).max(100).optional(),
  placeholder: z.string().max(1000).optional(),
  /** what an editor begins with */
  prefill: z.string().max(LIMITS.answerCharacters).optional(),
});
export type DialogQuestion = z.infer<typeof dialogQuestion>;

/** The same as an agent writes it, with whatever else it says. */
export const agentQuestion = z
  .looseObject({ type: z.literal("extension_ui_request") })
  .transform(({ type: _, ...question }) => question)
  .pipe(z.object(dialogQuestion.shape));

/** A value for select, input and editor; a yes or no for confirm; or a refusal to say. */
export const dialogAnswer = z.union([
  z.strictObject({ value: z.string().max(LIMITS.answerCharacters) }),
  z.strictObject({ confirmed: z.boolean() }),
  z.strictObject({ cancelled: z.literal(true) }),
]);
export type DialogAnswer = z.infer<typeof dialogAnswer>;

/** An agent's answers to what taskd asks about models. */
const agentModel = z.looseObject({ provider: z.string(), id: z.string() });
export const agentModels = z.looseObject({ data: z.looseObject({ models: z.array(agentModel) }) });
export const agentState = z.looseObject({ data: z.looseObject({ model: agentModel.nullish() }) });

/** What is asked of an agent; each gets a response with the same id. */
export type AgentRequest =
  | { type: "get_state" }
  | { type: "prompt"; message: string }
  | { type: "abort" }
  | { type: "switch_session"; sessionPath: string }
  | { type: "get_available_models" }
  | { type: "set_model"; provider: string; modelId: string };

/** What an agent is told without a response. */
export type AgentNotice = { type: "extension_ui_response"; id: string } & DialogAnswer;
