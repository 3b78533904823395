import * as z from "zod";
import type { ProviderApi } from "../protocol/providers.ts";
import type { ModelAnswer } from "./answer.ts";
import type { ModelRequest } from "./conversation.ts";
import type { Act } from "./step.ts";

export type ModelCall = Extract<Act, { type: "call" }>;

/** An answer while it is given: what is sent for each part of it, as events of a stream. */
export interface Voice {
  begin(): Iterable<string>;
  say(text: string): Iterable<string>;
  think(text: string): Iterable<string>;
  /** `parts` are those of its arguments as JSON */
  call(call: ModelCall, parts: readonly string[]): Iterable<string>;
  end(): Iterable<string>;
}

/** An API: how one asks by it, and how one is answered. */
export interface Dialect {
  api: ProviderApi;
  /** what is asked for; where it has a group, that is the model */
  path: RegExp;
  /** the header that the key is in, and what stands before it there */
  key: { header: string; before: string };
  /** a chunk that is no JSON */
  garbage: string;
  /** Throws a ZodError where the body is no request. */
  read(body: unknown, model: string | undefined): ModelRequest;
  speak(answer: ModelAnswer): Voice;
  /** The answer in one piece, where it is also given so. */
  whole?(answer: ModelAnswer): object;
  /** The body of an error. */
  failure(status: number, message: string, code?: string): object;
}

/** An event of a stream. */
export function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** A text, or the parts of one. */
export const written = z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]);

export function textOf(text: z.infer<typeof written> | null | undefined): string {
  if (typeof text === "string") return text;
  return (text ?? []).map(({ text }) => text ?? "").join("");
}
