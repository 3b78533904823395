import type { ProviderView } from "../protocol/providers.ts";
import type { ModelRequest } from "./conversation.ts";

/** The one that repeats what is said to it. */
export const PARROT = "scripted-parrot";

const size = { contextWindow: 128_000, maxTokens: 16_384 };

/** A model that plays a script: for a first look, and for tests. */
export const SCRIPTED_VIEW = {
  name: "scripted",
  api: "openai-completions",
  models: [
    { id: "scripted", reasoning: false, ...size },
    { id: "scripted-thinking", reasoning: true, ...size },
    { id: PARROT, reasoning: false, ...size },
  ],
} satisfies ProviderView;

/** Whether this answer is thought about before it is given. */
export function isToThink({ model, effort }: ModelRequest): boolean {
  return effort !== null && SCRIPTED_VIEW.models.some(({ id, reasoning }) => id === model && reasoning);
}
