import { createHash } from "node:crypto";
import type { ProviderApi } from "../protocol/providers.ts";

/** What one of them has said. */
export interface ModelTurn {
  role: "system" | "user" | "assistant" | "tool";
  text: string;
}

/** A request as it is in every API. */
export interface ModelRequest {
  api: ProviderApi;
  model: string;
  isStreamed: boolean;
  /** whether it is to be told what the answer cost */
  wantsUsage: boolean;
  /** how much is to be thought, as the client wrote it; null where it wrote nothing, or that nothing is */
  effort: string | null;
  /** names of the tools that there are */
  tools: string[];
  turns: ModelTurn[];
  /** the conversation as it was sent */
  sent: unknown;
}

/** A conversation as whoever answers it sees it. */
export interface ModelConversation {
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

export function readConversation({ api, model, tools, turns, sent }: ModelRequest): ModelConversation {
  const since = turns.slice(turns.findLastIndex(({ role }) => role === "user") + 1);
  const ofUser = textsOf(turns, "user");
  return {
    prompt: ofUser.at(-1) ?? "",
    earlier: ofUser.slice(0, -1),
    answered: textsOf(since, "assistant").length,
    results: textsOf(since, "tool"),
    tools,
    digest: createHash("sha256")
      .update(JSON.stringify([api, model, sent]))
      .digest("hex")
      .slice(0, 16),
    characters: turns.reduce((sum, { text }) => sum + text.length, 0),
  };
}

function textsOf(turns: readonly ModelTurn[], role: ModelTurn["role"]): string[] {
  return turns.filter((turn) => turn.role === role).map(({ text }) => text);
}
