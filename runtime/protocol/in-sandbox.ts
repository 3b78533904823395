// What an agent of ours and taskd agree on, without the schemas: a bundle would have all of those in each task's memory.

/** Where an agent finds its working copy of the session. */
export const SESSION_IN_SANDBOX = "/session/session.jsonl";

/** Where an agent finds what it may know of its task: files of taskd, which a task can read and nothing else. */
export const FACTS_IN_SANDBOX = "/task/facts.json";
/** The kernel's own count of what happened to the memory of the task's control group. */
export const MEMORY_EVENTS_IN_SANDBOX = "/task/memory.events";
export const PROVIDERS_IN_SANDBOX = "/task/providers.json";

/** What a question for permission begins with, and what can be answered. */
export const PERMISSION = "Permission: ";
export const PERMISSION_ANSWERS = {
  once: "Allow once",
  always: "Always for this task and folder",
  deny: "Deny",
} as const;

/** What an agent says when nothing more comes of a prompt, where its own `agent_end` may be followed by more. */
export const SETTLED = "settled";

/** What a question for permission asks to allow, or undefined for another question. */
export function askedPermission(title: string): string | undefined {
  return title.startsWith(PERMISSION) ? title.slice(PERMISSION.length).split("\n")[0]?.slice(0, 300) : undefined;
}
