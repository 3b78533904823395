import type { ExtensionApi } from "pi/core/extensions/loader.js";
import type { TaskFacts } from "../../runtime/protocol/facts.ts";
import { MEMORY_EVENTS_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import { endedForMemory, whyEnded } from "../walls/out-of-memory.ts";

/** Tells the model why processes were ended while a tool ran, where the task had no memory left: "Killed" alone says nothing. */
export function tellOfMemory(api: ExtensionApi, facts: () => TaskFacts, events = MEMORY_EVENTS_IN_SANDBOX): void {
  let told = 0;
  api.on("tool_call", async () => {
    told = endedForMemory(events);
    return undefined;
  });
  api.on("tool_result", ({ content }) => {
    const ended = endedForMemory(events);
    if (ended <= told) return undefined;
    told = ended;
    // In front: an exit code is looked for at the end.
    return { content: [{ type: "text", text: `${whyEnded(events, facts().memoryBytes)}\n\n` }, ...content] };
  });
}
