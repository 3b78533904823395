import { readFileSync } from "node:fs";
import * as z from "zod";
import { PiworkError } from "../protocol/errors.ts";
import { isAbsent } from "./absent.ts";

/** What a file of JSON holds; undefined where there is none. One that is damaged allows nothing, and nothing goes on without it. */
export function readWhole<T>(path: string, parse: (content: unknown) => T): T | undefined {
  try {
    return parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new PiworkError("INTERNAL_ERROR", `The file ${path} cannot be read. Mend it, or move it away.`, { cause });
  }
}

/** The same of a file that can be made again: undefined too where it is damaged, or of another version. */
export function readCached<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError || isAbsent(error)) return undefined;
    throw error;
  }
}

/** What a caller is told when the state directory does not take what has to be kept. */
export function stateFailure(error: unknown, doing: string): PiworkError {
  if (error instanceof PiworkError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new PiworkError(
    isFull ? "LIMIT_EXCEEDED" : "INTERNAL_ERROR",
    isFull
      ? `The disk of the state directory is full: ${doing} was refused. Free some space there, then try again.`
      : `The state directory could not be written: ${doing} was refused. See that it exists and is yours, then try again.`,
    { cause: error },
  );
}
