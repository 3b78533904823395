import type { ModelRequest, ModelTurn } from "./conversation.ts";

/** A request with these turns. */
export function asked(turns: ModelTurn[], more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    api: "openai-completions",
    model: "scripted",
    isStreamed: true,
    wantsUsage: false,
    effort: null,
    tools: ["read", "bash", "edit", "write"],
    turns,
    sent: turns,
    ...more,
  };
}

export const ofUser = (text: string): ModelTurn => ({ role: "user", text });

/** The assistant has called a tool, and the tool has answered. */
export const afterTool = (text: string): ModelTurn[] => [
  { role: "assistant", text: "" },
  { role: "tool", text },
];
