import { say } from "./output.ts";
import type { ProbeSession } from "./session.ts";

export interface ProbeTurn {
  /** fires when the turn is to end early */
  readonly signal: AbortSignal;
  readonly session: ProbeSession;
}

/** What happens in a turn. Gives the text that the session keeps as the assistant's. */
type Act = (turn: ProbeTurn) => string | Promise<string>;

/** A prompt that waits for its response. */
export interface Prompt {
  refuse(why: string): void;
  /** Accepts the prompt and resolves at the end of its turn. */
  takeTurn(act: Act): Promise<void>;
}

/** One turn at a time. */
export class ProbeTurns {
  readonly #session: ProbeSession;
  #running: AbortController | undefined;

  constructor(session: ProbeSession) {
    this.#session = session;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  abort(): void {
    this.#running?.abort();
  }

  async take(message: string, act: Act): Promise<void> {
    this.#running = new AbortController();
    enter("/work");
    say({ type: "agent_start" });
    say({ type: "turn_start" });
    const answer = await act({ signal: this.#running.signal, session: this.#session });
    say({ type: "turn_end" });
    // Everything that a turn leaves behind is there before its end is known.
    this.#session.keep(message, answer);
    enter("/");
    this.#running = undefined;
    say({ type: "agent_end", messages: [] });
  }
}

/** Between turns another folder may be mounted on /work, which a process that stayed in it would not see. */
function enter(folder: string): void {
  try {
    process.chdir(folder);
  } catch (error) {
    console.error(`probe: could not enter ${folder}: ${(error as Error).message}`);
  }
}
