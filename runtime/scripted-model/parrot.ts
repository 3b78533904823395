import type { ModelConversation } from "./conversation.ts";
import { long } from "./script.ts";
import { makeStep, type Step } from "./step.ts";

/** No agent waits for so long: it is told to stop, or ends. */
const FOR_EVER_MS = 600_000;

interface Habit {
  pattern: RegExp;
  /** what is answered first */
  meet: (argument: string, conversation: ModelConversation) => Step;
  /** what is said of what its tool has answered; nothing, without it */
  tell?: (result: string) => string;
}

const call = (tool: string, input: Record<string, string>) => makeStep({ type: "call", tool, input });
const bash = (command: string) => call("bash", { command });
const say = (text: string) => ({ ...makeStep({ type: "say", text }), piece: 1000 });

/** What the probe does about the same words; docs/scripted-provider.md says it of the parrot. */
// biome-ignore format: a table
const HABITS: readonly Habit[] = [
  { pattern: /^run: (.+)$/s, meet: bash },
  { pattern: /^read: (.+)$/, meet: (path) => call("read", { path }), tell: (result) => /^ENOENT/.exec(result)?.[0] ?? result },
  { pattern: /^recall$/, meet: (_, { earlier }) => say(earlier.map((text) => JSON.stringify(text)).join("\n")) },
  { pattern: /^wait$/, meet: () => makeStep({ type: "wait", milliseconds: FOR_EVER_MS }) },
  { pattern: /^flood: (\d{1,7})$/, meet: (characters) => say(long(Number(characters))) },
  { pattern: /^die: during$/, meet: () => bash("kill -9 $PPID") },
];

/** Says again what is said to it: with it, a suite that speaks to the probe speaks to the real agent in the same words. */
export function repeat(conversation: ModelConversation): Step {
  // By its usage a conversation stays short: it is never summed up.
  return { ...answer(conversation), usage: { input: 1, output: 1, cached: 0 } };
}

function answer(conversation: ModelConversation): Step {
  const { prompt, answered, results } = conversation;
  for (const { pattern, meet, tell } of HABITS) {
    const found = pattern.exec(prompt);
    if (found === null) continue;
    if (answered === 0) return meet(found[1] ?? "", conversation);
    return say(tell?.(results.at(-1) ?? "") ?? "");
  }
  return say(prompt);
}
