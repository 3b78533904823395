import * as z from "zod";
import { LIMITS } from "./limits.ts";
import { memoryWords } from "./memory-words.ts";

const { leastTaskMemoryBytes: least, mostTaskMemoryBytes: most } = LIMITS;
const bounds = `a task's memory is between ${memoryWords(least)} and ${memoryWords(most)}`;

export const taskMemory = z
  .int(bounds)
  .min(least, bounds)
  .max(most, bounds)
  .describe("Memory of all processes of a task together, in bytes.");
