import * as z from "zod";
import { LIMITS } from "./limits.ts";
import { memoryWords } from "./memory-words.ts";

const { leastTaskMemoryBytes: least, mostTaskMemoryBytes: most } = LIMITS;
const bounds = `a task's memory is between ${memoryWords(least)} and ${memoryWords(most)}`;

/** Memory of a task, in bytes. */
export const taskMemory = z.int(bounds).min(least, bounds).max(most, bounds);
