import * as z from "zod";

/** What a side said when it was asked, or why it said nothing. */
export function answerOf<T extends z.ZodType>(said: T) {
  return z.union([
    z.strictObject({ said: said.describe("Answer of the side.") }),
    z.strictObject({ silent: z.string().max(1000).describe("Reason why the side gave no answer.") }),
  ]);
}
export type Answer<T> = { said: T } | { silent: string };

/** What was said; undefined where nothing was. */
export function saidIn<T>(answer: Answer<T>): T | undefined {
  return "said" in answer ? answer.said : undefined;
}

/** Asks a side. Whatever goes wrong is why it is silent: of a broken runtime, the rest is wanted all the more. */
export async function hear<T>(ask: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { said: await ask() };
  } catch (error) {
    return { silent: (error instanceof Error ? error.message : String(error)).slice(0, 1000) };
  }
}
