import type { SessionEvent } from "pi/core/agent-session.js";

/** Longest string that is passed on of what a tool was asked to do, in characters. */
const LONGEST = 64 * 1024;
/** Events that repeat what others said, as whole messages. */
const REPEATS = new Set(["agent_end", "turn_end", "message_start", "message_end"]);

/** An event without what earlier ones have said: pi repeats a whole answer with each word of it. */
export function slim(event: SessionEvent): SessionEvent {
  if (REPEATS.has(event.type)) return { type: event.type, ...summary(event["message"]) };
  if (event.type === "message_update") {
    const { partial: _, message: __, toolCall: ___, content, ...update } = asObject(event["assistantMessageEvent"]);
    return { type: event.type, assistantMessageEvent: update };
  }
  return shorten(event) as SessionEvent;
}

function summary(message: unknown): { message?: object } {
  if (message === undefined) return {};
  const { role, content, stopReason, errorMessage, usage, provider, model } = asObject(message);
  // What a person says is said only there.
  const said = role === "user" ? { content } : {};
  return { message: shorten({ role, ...said, stopReason, errorMessage, usage, provider, model }) as object };
}

function shorten(value: unknown): unknown {
  if (typeof value === "string")
    return value.length <= LONGEST ? value : `${value.slice(0, LONGEST)}… (${value.length - LONGEST} more characters)`;
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shorten(inner)]));
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
