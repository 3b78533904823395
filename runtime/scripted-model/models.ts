import type { ModelRequest } from "./conversation.ts";

/** The one that repeats what is said to it. */
export const PARROT = "scripted-parrot";

/** Those that there are, and whether they think. */
export const MODELS: ReadonlyMap<string, { thinks: boolean }> = new Map([
  ["scripted", { thinks: false }],
  ["scripted-thinking", { thinks: true }],
  [PARROT, { thinks: false }],
]);

/** Whether this answer is thought about before it is given. */
export function isToThink({ model, effort }: ModelRequest): boolean {
  return MODELS.get(model)?.thinks === true && effort !== null;
}
