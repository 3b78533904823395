import type { Client } from "../../runtime/control/client.ts";
import { type DialogQuestion, toolResultText } from "../../runtime/protocol/agent.ts";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import type { TaskLayer } from "../../runtime/protocol/layers.ts";

export interface ExecEnd {
  code: number;
  timedOut: boolean;
  outOfMemory: string | null;
  stdoutBytes: number;
  stderrBytes: number;
  stdout: Buffer;
  stderr: Buffer;
}

/** Prompts and commands on a running runtime, with all that came of them. */
export class Talk {
  readonly #client: () => Client;

  constructor(client: () => Client) {
    this.#client = client;
  }

  /** The events of one prompt. */
  async prompt(
    message: string,
    task?: string,
    onEvent: (event: RuntimeEvent) => void = () => {},
  ): Promise<RuntimeEvent[]> {
    const events: RuntimeEvent[] = [];
    const input = task === undefined ? { message } : { message, task };
    for await (const event of this.#client().stream("prompt", input)) {
      events.push(event);
      onEvent(event);
    }
    return events;
  }

  /** A prompt that rejects with the error that ended it. */
  async promptOrFail(message: string, task: string, onEvent?: (event: RuntimeEvent) => void): Promise<void> {
    const end = (await this.prompt(message, task, onEvent)).at(-1);
    if (end?.event === "task_error") throw PiworkError.fromBody(end.payload.error);
  }

  /** What the agent says to a prompt. */
  async ask(message: string, task?: string): Promise<string> {
    return saidText(await this.prompt(message, task));
  }

  /** All output of a command, and how it ended. */
  async exec(
    argv: string[],
    options: { task?: string; timeoutMs?: number; unconfined?: true; without?: TaskLayer[] } = {},
    onOutput: (data: Buffer) => void = () => {},
  ): Promise<ExecEnd> {
    const output: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
    for await (const item of this.#client().stream("exec", { argv, ...options })) {
      if (item.type === "exit") {
        const { type: _, ...end } = item;
        return { ...end, stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr) };
      }
      const data = Buffer.from(item.data, "base64");
      output[item.stream].push(data);
      onOutput(data);
    }
    throw new Error("the stream ended without an exit");
  }
}

/** What the tools of a turn printed. */
export function toolOutput(events: readonly RuntimeEvent[]): string {
  return messages(events)
    .filter(({ type }) => type === "tool_execution_end")
    .map(({ result }) => toolResultText(result as Parameters<typeof toolResultText>[0]))
    .join("");
}

/** What the agent said in a turn, without what it thought, and what it called tools with. */
export function saidText(events: readonly RuntimeEvent[]): string {
  return messages(events)
    .filter(({ type }) => type === "message_update")
    .map(({ assistantMessageEvent }) => assistantMessageEvent as { type: string; delta?: string })
    .map(({ type, delta = "" }) => (type === "text_delta" ? delta : ""))
    .join("");
}

/** The questions of a turn. */
export function questions(events: readonly RuntimeEvent[]): DialogQuestion[] {
  return events.flatMap((event) => (event.event === "extension_ui_request" ? [event.payload.question] : []));
}

/** The agent's own messages of a turn. */
export function messages(events: readonly RuntimeEvent[]): Record<string, unknown>[] {
  return events.flatMap((event) => (event.event === "agent_output" ? [event.payload.message] : []));
}

/** The code of the refusal, or "accepted". */
export async function attempt(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
    return "accepted";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
