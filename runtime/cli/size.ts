import { InvalidArgumentError } from "commander";
import { taskMemory } from "../protocol/task-memory.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Bytes, as a person writes them: 500M, 1.5G, 4096. */
export function parseSize(text: string): number {
  const [, number, unit = ""] = /^(\d{1,15}(?:\.\d{1,3})?)([KMGT]?)$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN));
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new InvalidArgumentError("It is a number of bytes, with K, M, G or T behind it where that is shorter: 500M.");
  return bytes;
}

/** Memory of a task, as a person writes it: 512M, 2G. */
export function parseMemory(text: string): number {
  const memory = taskMemory.safeParse(parseSize(text));
  if (memory.success) return memory.data;
  throw new InvalidArgumentError(`${text} is too much or too little: ${memory.error.issues[0]?.message}.`);
}

/** A whole number of at least `least`. */
export function parseCount(text: string, least = 1): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= least) return count;
  throw new InvalidArgumentError(`It is a whole number, ${least} or more.`);
}
