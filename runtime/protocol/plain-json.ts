/** Deepest nesting that any message of ours has reason for. */
export const MESSAGE_DEPTH = 64;
/** The same for a line of an agent, which must still be readable inside of an event. */
export const AGENT_DEPTH = MESSAGE_DEPTH - 8;

/**
 * Parses JSON that somebody else wrote. Undefined for what is no JSON, what is nested deep enough to exhaust a stack when it
 * is written again, and what has a key that means something to the language.
 */
export function parsePlainJson(text: string, depth = MESSAGE_DEPTH): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isPlain(value, depth) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isPlain(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0 || Object.hasOwn(value, "__proto__")) return false;
  return Object.values(value).every((inner) => isPlain(inner, levels - 1));
}
