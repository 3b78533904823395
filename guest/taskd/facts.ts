import type { Permissions, TaskFacts } from "../../runtime/protocol/facts.ts";

/** What an agent is told of its task, with the folder that it has now. */
export function factsOf(folder: string | null, { decisions, ask }: Permissions, memoryBytes: number): TaskFacts {
  const places = [
    { path: "/work", what: folder === null ? "the same as /outputs" : `the user's folder '${folder}'`, writable: true },
    { path: "/outputs", what: "what the user receives", writable: true },
    { path: "/uploads", what: "what the user gave", writable: false },
    { path: "/tmp", what: "for the time being, gone with the agent", writable: true },
    { path: "/home/task", what: "the home of this task", writable: true },
  ];
  return { folder, places, decisions, ask, memoryBytes };
}
