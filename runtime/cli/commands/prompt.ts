import type { Command } from "commander";
import { agentDisplay, toolResultText } from "../../protocol/agent.ts";
import { PiworkError } from "../../protocol/errors.ts";
import type { RuntimeEvent } from "../../protocol/events.ts";
import { attach, complain, plain, print, printJson } from "../attach.ts";

export function addPrompt(program: Command): void {
  program
    .command("prompt TEXT")
    .description("send a prompt and stream the answer; Ctrl-C aborts the turn")
    .option("--task <ID>", "the task (default: the active one)")
    .option("--json", "print each event as a line of JSON")
    .action(async (message: string, options: { task?: string; json?: boolean }, command: Command) => {
      const client = await attach(command);
      const task = options.task === undefined ? {} : { task: options.task };
      let interrupted = false;
      process.on("SIGINT", () => {
        if (interrupted) process.exit(130);
        interrupted = true;
        client.call("abort", task).catch((error: Error) => process.stderr.write(`piwork: ${error.message}\n`));
      });
      const transcript = new Transcript();
      let failure: PiworkError | undefined;
      for await (const event of client.stream("prompt", { ...task, message })) {
        if (options.json) print(JSON.stringify(event));
        else transcript.show(event);
        if (event.event === "task_error") failure = PiworkError.fromBody(event.payload.error);
      }
      transcript.end();
      if (interrupted) process.exitCode = 130;
      else if (failure !== undefined) {
        complain(failure);
        process.exitCode = 1;
      }
    });
}

export function addAbort(program: Command): void {
  program
    .command("abort [ID]")
    .description("end the prompt in flight of a task (the active one without ID)")
    .option("--json", "print the answer for programs")
    .action(async (id: string | undefined, options: { json?: boolean }, command: Command) => {
      const answer = await (await attach(command)).call("abort", id === undefined ? {} : { task: id });
      if (options.json) printJson(answer);
      else print(answer.aborted ? "aborted" : "nothing was in flight");
    });
}

/** An agent's turn as text: what it says, the commands it runs, and their output as it comes. */
export class Transcript {
  #lineOpen = false;
  /** output of each tool call that has been shown */
  readonly #shown = new Map<string, string>();
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void = (text) => process.stdout.write(text)) {
    this.#write = write;
  }

  show(event: RuntimeEvent): void {
    if (event.event !== "agent_output") return;
    const parsed = agentDisplay.safeParse(event.payload.message);
    if (!parsed.success) return;
    const message = parsed.data;
    switch (message.type) {
      case "message_update":
        return this.#say(plain(message.assistantMessageEvent.delta));
      case "tool_execution_start": {
        const { command } = message.args;
        this.end();
        return this.#say(
          `$ ${plain(typeof command === "string" ? command : `${message.toolName} ${JSON.stringify(message.args)}`)}\n`,
        );
      }
      case "tool_execution_update":
        return this.#showOutput(message.toolCallId, toolResultText(message.partialResult));
      case "tool_execution_end":
        this.#showOutput(message.toolCallId, toolResultText(message.result));
        this.#shown.delete(message.toolCallId);
        return this.end();
    }
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
