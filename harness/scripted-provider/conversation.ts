import { createHash } from "node:crypto";
import * as z from "zod";

const content = z.union([
  z.string(),
  z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  z.null(),
]);

const message = z.looseObject({ role: z.string(), content: content.optional() });

/** What a client sends, as far as an answer depends on it. */
export const completionRequest = z.looseObject({
  model: z.string().max(200),
  messages: z.array(message).min(1),
  stream: z.boolean().optional(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  reasoning_effort: z.string().nullish(),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }).optional() })).nullish(),
});
export type CompletionRequest = z.infer<typeof completionRequest>;

/** A conversation as whoever answers it sees it. */
export interface Conversation {
  /** the last message of the user */
  prompt: string;
  /** those before it */
  earlier: string[];
  /** how often the assistant has answered since the last message of the user */
  answered: number;
  /** what the tools have said since then */
  results: string[];
  /** names of the tools that there are */
  tools: string[];
  /** the same for the same conversation, and for no other */
  digest: string;
  /** of the whole conversation */
  characters: number;
}

export function readConversation({ messages, tools, model }: CompletionRequest): Conversation {
  const texts = messages.map(({ content }) => textOf(content));
  const last = messages.findLastIndex(({ role }) => role === "user");
  const since = messages.slice(last + 1);
  const ofUser = texts.filter((_, at) => messages[at]?.role === "user");
  return {
    prompt: ofUser.at(-1) ?? "",
    earlier: ofUser.slice(0, -1),
    answered: since.filter(({ role }) => role === "assistant").length,
    results: since.filter(({ role }) => role === "tool").map(({ content }) => textOf(content)),
    tools: (tools ?? []).flatMap((tool) => tool.function?.name ?? []),
    digest: createHash("sha256")
      .update(JSON.stringify([model, messages]))
      .digest("hex")
      .slice(0, 16),
    characters: texts.reduce((sum, text) => sum + text.length, 0),
  };
}

function textOf(value: z.infer<typeof content> | undefined): string {
  if (typeof value === "string") return value;
  return (value ?? []).map(({ text }) => text ?? "").join("");
}
