import { type ModelConversation, type ModelRequest, readConversation } from "./conversation.ts";
import { isToThink, PARROT } from "./models.ts";
import { repeat } from "./parrot.ts";
import { parseScript, ScriptError } from "./script.ts";
import { atAttempt, makeStep, onLines, type Step, type TokenUsage } from "./step.ts";
import { meet } from "./tour.ts";

export interface ModelAnswer {
  asked: ModelRequest;
  step: Step;
  conversation: ModelConversation;
  /** how often this very conversation has been asked about, this time included */
  attempt: number;
}

/** What is answered to a conversation. `count` counts how often it was asked. */
export function answerTo(asked: ModelRequest, count: (digest: string) => number): ModelAnswer {
  const conversation = readConversation(asked);
  const attempt = count(conversation.digest);
  const step = atAttempt(stepFor(conversation, asked.model), attempt);
  const acts = step.acts.filter(({ type }) => type !== "think" || isToThink(asked));
  return { asked, step: { ...step, acts: onLines(acts) }, conversation, attempt };
}

function stepFor(conversation: ModelConversation, model: string): Step {
  try {
    const steps = parseScript(conversation.prompt);
    if (steps === undefined) return model === PARROT ? repeat(conversation) : meet(conversation);
    return steps[conversation.answered] ?? makeStep({ type: "say", text: "The script is over." });
  } catch (error) {
    if (error instanceof ScriptError)
      return makeStep({ type: "say", text: `This script cannot be played: ${error.message}.` });
    throw error;
  }
}

/** What an answer is said to have cost. */
export function costOf({ step, conversation }: ModelAnswer): TokenUsage {
  return (
    step.usage ?? {
      input: tokens(conversation.characters),
      output: tokens(step.acts.reduce((sum, act) => sum + ("text" in act ? act.text.length : 0), 0)),
      cached: 0,
    }
  );
}

/** As a rule of thumb. */
function tokens(characters: number): number {
  return Math.ceil(characters / 4);
}
