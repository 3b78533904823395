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

/** Conversations that are remembered. */
const REMEMBERED = 1000;

/** Counts how often each conversation was asked about: what a script says goes wrong may do so only so often. */
export class Attempts {
  readonly #byDigest = new Map<string, number>();

  /** This time included. */
  count(digest: string): number {
    const attempt = (this.#byDigest.get(digest) ?? 0) + 1;
    this.#byDigest.delete(digest);
    this.#byDigest.set(digest, attempt);
    const [oldest] = this.#byDigest.keys();
    if (this.#byDigest.size > REMEMBERED && oldest !== undefined) this.#byDigest.delete(oldest);
    return attempt;
  }
}

/** What is answered to a conversation. */
export function answerTo(asked: ModelRequest, attempts: Attempts): ModelAnswer {
  const conversation = readConversation(asked);
  const attempt = attempts.count(conversation.digest);
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
