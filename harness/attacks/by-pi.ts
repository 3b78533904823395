import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { messages, questions, saidText, toolOutput } from "../runtimes/talk.ts";
import type { ToolCall } from "./attack.ts";
import type { Ran } from "./shell.ts";
import type { Target } from "./target.ts";

const EXIT_CODE = /^Command exited with code (\d+)$/m;

let turns = 0;

/** Has pi call its own tools, one after the other, because its model says so; gives what they gave it. */
export async function callTools(target: Target, task: string, calls: readonly ToolCall[]): Promise<Ran> {
  // By its usage, the conversation stays short: it is never summed up.
  const steps = calls.map(([tool, input]) => `call ${tool} ${JSON.stringify(input)}\nusage 1 1\n---\n`).join("");
  let said: RuntimeEvent[] = [];
  try {
    // What is counted by conversations is not to be counted together.
    said = await target.talk.prompt(
      `script\n# turn ${++turns}\n${steps}say over\nusage 1 1`,
      task,
      (event) => void allow(target, event),
    );
  } catch (error) {
    return { output: `${toolOutput(said)}\n${error instanceof Error ? error.message : error}`, code: undefined };
  }
  const output = toolOutput(said);
  const end = said.at(-1);
  const called = messages(said).filter(({ type }) => type === "tool_execution_end").length;
  if (called !== calls.length)
    return { output: `${output}\n${called} of ${calls.length} tools were called: ${saidText(said)}`, code: undefined };
  if (end?.event !== "agent_end") return { output: `${output}\n${JSON.stringify(end?.payload)}`, code: undefined };
  return { output, code: Number(EXIT_CODE.exec(output)?.[1] ?? 0) };
}

/** A person who allows everything: it is not permission that is to hold. */
async function allow({ runtime, attacker }: Target, event: RuntimeEvent): Promise<void> {
  for (const { id } of questions([event]))
    await runtime.client
      .call("answer", { task: event.taskId ?? attacker, question: id, answer: { value: "Allow once" } })
      .catch(() => {}); // nobody waits for it any more
}
