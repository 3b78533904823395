import { readFileSync } from "node:fs";
import { memoryWords } from "../../runtime/protocol/memory-words.ts";

// For taskd and for what runs in a task: each reads the kernel's count of a control group's memory events.

/** Processes of the group that the kernel has ended so far because there was no memory for them. */
export function endedForMemory(events: string): number {
  return count(events, "oom_kill");
}

/** Why processes were ended, and what helps. `bytes`: what the task may have. */
export function whyEnded(events: string, bytes: number): string {
  // Memory that all tasks of a machine share runs out without any group of theirs being full.
  if (count(events, "oom") === 0)
    return "A process of the task was ended because the tasks of its machine together used up the memory they share. Stop another task, or start the runtime with more: npx piwork up --memory SIZE.";
  return `A process of the task was ended because the task used up its ${memoryWords(bytes)} of memory. Let it use less, or create a task with more: npx piwork task create TITLE --memory SIZE.`;
}

function count(events: string, name: string): number {
  try {
    return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(readFileSync(events, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // the group is gone, and all that was in it
  }
}
