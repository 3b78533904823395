import { agentDisplay, endingOf, noteOf, textOf, toolCallText, toolResultText } from "../protocol/agent.ts";
import type { RuntimeEvent } from "../protocol/events.ts";
import { plain } from "./attach.ts";

/** An agent's turn as text: what it says, the commands it runs, and their output as it comes. */
export class PrintedTranscript {
  #lineOpen = false;
  #isBegun = false;
  #ending: ReturnType<typeof endingOf>;
  /** output of each tool call that has been shown */
  readonly #shown = new Map<string, string>();
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void = (text) => process.stdout.write(text)) {
    this.#write = write;
  }

  show(event: RuntimeEvent): void {
    if (event.event === "runtime_warning") return this.#sayAlone(event.payload.message);
    if (event.event !== "agent_output") return;
    const parsed = agentDisplay.safeParse(event.payload.message);
    if (!parsed.success) return;
    const message = parsed.data;
    this.#ending = endingOf(message) ?? this.#ending;
    const note = noteOf(message);
    if (note !== undefined) return this.#sayAlone(note);
    switch (message.type) {
      case "message_update": {
        // What it thinks is a person's business where there is room for it, as in the panel.
        const { type, delta } = message.assistantMessageEvent;
        return type === "text_delta" ? this.#say(plain(delta)) : undefined;
      }
      case "message_start": {
        const said = textOf(message.message.content);
        // The first is the prompt, which whoever reads this has just written.
        if (this.#isBegun) this.#sayAlone(`> ${said}`);
        this.#isBegun = true;
        return;
      }
      case "tool_execution_start":
        return this.#sayAlone(`$ ${toolCallText(message.toolName, message.args)}`);
      case "tool_execution_update":
        return this.#showOutput(message.toolCallId, toolResultText(message.partialResult));
      case "tool_execution_end":
        this.#showOutput(message.toolCallId, toolResultText(message.result));
        this.#shown.delete(message.toolCallId);
        return this.end();
    }
  }

  /** The last answer of the model came to its end, and was not ended. */
  get isFinished(): boolean {
    return this.#ending === undefined || this.#ending === "finished";
  }

  /** Finishes a line that was left open. */
  end(): void {
    if (this.#lineOpen) this.#say("\n");
  }

  /** Updates carry all output so far; long output loses its beginning, and then starts anew here. */
  #showOutput(call: string, output: string): void {
    const before = this.#shown.get(call) ?? "";
    this.#shown.set(call, output);
    if (output.startsWith(before)) return this.#say(plain(output.slice(before.length)));
    const kept = overlap(before, output);
    this.#say(plain(kept > 0 ? output.slice(kept) : `\n[…]\n${output}`));
  }

  #sayAlone(text: string): void {
    this.end();
    this.#say(`${plain(text)}\n`);
  }

  #say(text: string): void {
    if (text === "") return;
    this.#write(text);
    this.#lineOpen = !text.endsWith("\n");
  }
}

/** How much of the end of `before` is the beginning of `after`, looking for a long enough piece to be sure. */
function overlap(before: string, after: string): number {
  const probe = after.slice(0, 256);
  const at = before.indexOf(probe);
  return at >= 0 && after.startsWith(before.slice(at)) ? before.length - at : 0;
}
