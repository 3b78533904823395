import type { Asked, Turn } from "./conversation.ts";

/** A request with these turns. */
export function asked(turns: Turn[], more: Partial<Asked> = {}): Asked {
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

export const ofUser = (text: string): Turn => ({ role: "user", text });

/** The assistant has called a tool, and the tool has answered. */
export const afterTool = (text: string): Turn[] => [
  { role: "assistant", text: "" },
  { role: "tool", text },
];
