import type { ProbeSession } from "./session.ts";

export interface ProbeTurn {
  /** fires when the turn is to end early */
  readonly signal: AbortSignal;
  readonly session: ProbeSession;
}

/** What happens in a turn. Gives the text that the session keeps as the assistant's. */
export type Act = (turn: ProbeTurn) => string | Promise<string>;

/** A prompt that waits for its response. */
export interface Prompt {
  refuse(why: string): void;
  /** Accepts the prompt and resolves at the end of its turn. */
  takeTurn(act: Act): Promise<void>;
}
