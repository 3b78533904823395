import * as z from "zod";

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

/** What is said to an agent. */
export type AgentRequest =
  | { id: string; type: "get_state" }
  | { id: string; type: "prompt"; message: string }
  | { id: string; type: "abort" };
