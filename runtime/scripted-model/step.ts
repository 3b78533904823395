/** What goes wrong with an answer. */
type Trouble =
  | { type: "error"; status: number; message: string }
  /** the connection ends in the middle of a chunk */
  | { type: "cut" }
  /** the answer ends without saying that it does */
  | { type: "end" }
  /** a chunk is no JSON */
  | { type: "garbage" };

/** Something that happens while an answer is given. */
export type Act =
  | Trouble
  | { type: "say" | "think"; text: string }
  | { type: "call"; tool: string; input: Record<string, unknown> }
  | { type: "wait"; milliseconds: number };

export interface TokenUsage {
  input: number;
  output: number;
  /** tokens of the input that were known before */
  cached: number;
}

/** One answer of the assistant. */
export interface Step {
  acts: Act[];
  /** milliseconds between two chunks */
  pace: number;
  /** characters in a chunk */
  piece: number;
  /** seconds after which one may come again, where the answer is an error */
  retryAfter?: number;
  /** why it ended, where that is not as usual */
  finish?: string;
  /** what it is said to have cost, where that is not counted */
  usage?: TokenUsage;
  /** what goes wrong does so only as often as this for the same conversation */
  times?: number;
}

export function makeStep(...acts: Act[]): Step {
  return { acts, pace: 0, piece: 16 };
}

const TROUBLES: readonly string[] = ["error", "cut", "end", "garbage"] satisfies Trouble["type"][];

/** A step as it is at this attempt, of which the first is 1. */
export function atAttempt(step: Step, attempt: number): Step {
  if (step.times === undefined || attempt <= step.times) return step;
  return { ...step, acts: step.acts.filter(({ type }) => !TROUBLES.includes(type)) };
}

/** The same acts, where what is said or thought a second time begins a new line. */
export function onLines(acts: readonly Act[]): Act[] {
  return acts.map((act, at) => {
    if (act.type !== "say" && act.type !== "think") return act;
    const isFirst = !acts.slice(0, at).some(({ type }) => type === act.type);
    return isFirst ? act : { ...act, text: `\n${act.text}` };
  });
}
