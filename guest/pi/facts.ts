import { readFileSync } from "node:fs";
import type { TaskFacts } from "../../runtime/protocol/facts.ts";
import { FACTS_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import { memoryWords } from "../../runtime/protocol/memory-words.ts";

const NONE: TaskFacts = { folder: null, places: [], decisions: [], ask: [], memoryBytes: 0 };

/** What taskd says of the task now. */
export const readFacts = () => readTold(FACTS_IN_SANDBOX, NONE);

/** What taskd says in a file that only it writes; `none` before there is a task. */
export function readTold<T>(file: string, none: T): T {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return none;
    throw error;
  }
}

/** The same as a part of the system prompt. */
export function describeFacts({ folder, places, memoryBytes }: TaskFacts): string {
  if (places.length === 0) return "";
  const lines = places.map(({ path, what, writable }) => `- ${path}: ${what} (${writable ? "writable" : "read-only"})`);
  const where = folder === null ? "The task has no folder of the user." : "The user's folder is /work.";
  return [
    "",
    "# Where you are",
    "",
    `${where} Nothing else of the user's computer can be reached. Put what the user should receive into /outputs.`,
    ...lines,
    "",
    `Everything that runs here has ${memoryWords(memoryBytes)} of memory together, /tmp included.`,
    "",
    "The user may be asked before files are deleted, moved or renamed outside of /outputs. If the user denies that, do not try it in another way.",
  ].join("\n");
}
