import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "../../runtime/control/client.ts";
import { type Talk, toolOutput } from "../runtimes/talk.ts";
import { exitCodeOf } from "./by-pi.ts";
import type { Ran } from "./shell.ts";

/** Has the probe run a script as its own command, in the sandbox that every agent has; gives what the command said. */
export async function runByProbe(
  talk: Talk,
  client: Client,
  task: string,
  script: string,
  deadlineMs: number,
): Promise<Ran> {
  const over = new AbortController();
  let isLate = false;
  const ending = delay(deadlineMs, undefined, { signal: over.signal }).then(
    () => {
      isLate = true;
      return client.call("abort", { task }).catch(() => undefined); // over by itself meanwhile
    },
    () => undefined, // in time
  );
  try {
    const said = await talk.prompt(`run: ${script}`, task);
    const output = toolOutput(said);
    const end = said.at(-1);
    if (isLate || end?.event !== "agent_end") return { output: `${output}\n${JSON.stringify(end)}`, code: undefined };
    return { output, code: exitCodeOf(output) };
  } catch (error) {
    return { output: error instanceof Error ? error.message : String(error), code: undefined };
  } finally {
    over.abort();
    await ending;
  }
}
