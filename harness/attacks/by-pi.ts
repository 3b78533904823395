import { randomUUID } from "node:crypto";
import type { Client } from "../../runtime/control/client.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { messages, questions, saidText, type Talk, toolOutput } from "../runtimes/talk.ts";
import type { ToolCall } from "./attack.ts";
import type { Ran } from "./shell.ts";

const EXIT_CODE = /^Command exited with code (\d+)$/m;

/** The code of a command of an agent, by what the agent says of it. */
export function exitCodeOf(output: string): number {
  return Number(EXIT_CODE.exec(output)?.[1] ?? 0);
}

/** Has pi call its own tools, one after the other, because its model says so; gives what they gave it. */
export async function callTools(talk: Talk, client: Client, task: string, calls: readonly ToolCall[]): Promise<Ran> {
  // By its usage, the conversation stays short: it is never summed up.
  const steps = calls.map(([tool, input]) => `call ${tool} ${JSON.stringify(input)}\nusage 1 1\n---\n`).join("");
  let said: RuntimeEvent[] = [];
  try {
    // The model counts its answers by the script's text: each script is another one.
    const script = `script\n# ${randomUUID()}\n${steps}say over\nusage 1 1`;
    said = await talk.prompt(script, task, (event) => void allow(client, task, event));
  } catch (error) {
    return { output: `${toolOutput(said)}\n${error instanceof Error ? error.message : error}`, code: undefined };
  }
  const output = toolOutput(said);
  const end = said.at(-1);
  const called = messages(said).filter(({ type }) => type === "tool_execution_end").length;
  if (called !== calls.length)
    return { output: `${output}\n${called} of ${calls.length} tools were called: ${saidText(said)}`, code: undefined };
  if (end?.event !== "agent_end") return { output: `${output}\n${JSON.stringify(end?.payload)}`, code: undefined };
  return { output, code: exitCodeOf(output) };
}

/** A person who allows everything: it is not permission that is to hold. */
async function allow(client: Client, attacker: string, event: RuntimeEvent): Promise<void> {
  for (const { id } of questions([event]))
    await client
      .call("answer", { task: event.taskId ?? attacker, question: id, answer: { value: "Allow once" } })
      .catch(() => {}); // nobody waits for it any more
}
