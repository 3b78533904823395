import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { TaskFacts } from "../../runtime/protocol/facts.ts";
import { FACTS_IN_SANDBOX, MEMORY_EVENTS_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import { endedForMemory, whyEnded } from "../walls/out-of-memory.ts";
import { say } from "./output.ts";
import type { ProbeTurn } from "./turns.ts";

/** As the real agent does: at most this much of a command's output is kept, its end. */
const OUTPUT_TAIL = 50 * 1024;
/** Time for what a shell wrote last to arrive, in milliseconds. */
const DRAIN_MS = 200;
/** Between two looks at a running command's output, in milliseconds. */
const UPDATE_EVERY_MS = 100;

let toolCalls = 0;

/** Runs a command in /work as the real agent's bash tool would, and gives what it showed. */
export async function runCommand({ signal }: ProbeTurn, command: string): Promise<string> {
  const toolCallId = `probe-${++toolCalls}`;
  const call = { toolCallId, toolName: "bash", args: { command } };
  say({ type: "tool_execution_start", ...call });
  let output = Buffer.alloc(0);
  let shown = "";
  const result = () => ({ content: [{ type: "text", text: output.toString("utf8") }] });
  const update = () => {
    const text = output.toString("utf8");
    if (text !== shown) say({ type: "tool_execution_update", ...call, partialResult: result() });
    shown = text;
  };
  const endedBefore = endedForMemory(MEMORY_EVENTS_IN_SANDBOX);
  // A group of its own, so that an abort reaches what the shell started.
  const child = spawn("bash", ["-c", command], { cwd: "/work", stdio: ["ignore", "pipe", "pipe"], detached: true });
  const collect = (chunk: Buffer) => {
    output = Buffer.concat([output, chunk]).subarray(-OUTPUT_TAIL);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const timer = setInterval(update, UPDATE_EVERY_MS);
  const end = () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL");
  signal.addEventListener("abort", end);
  const why = await new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    // What the shell left running in the background may hold its pipes for ever: the command is over when the shell is.
    child.once("exit", async (code) => {
      await Promise.race([once(child, "close"), delay(DRAIN_MS)]);
      resolve(signal.aborted ? "Command aborted" : code === 0 ? undefined : `Command exited with code ${code}`);
    });
  });
  child.stdout.destroy();
  child.stderr.destroy();
  clearInterval(timer);
  signal.removeEventListener("abort", end);
  if (endedForMemory(MEMORY_EVENTS_IN_SANDBOX) > endedBefore) {
    const { memoryBytes } = JSON.parse(readFileSync(FACTS_IN_SANDBOX, "utf8")) as TaskFacts;
    collect(Buffer.from(`${whyEnded(MEMORY_EVENTS_IN_SANDBOX, memoryBytes)}\n`));
  }
  if (why !== undefined) collect(Buffer.from(`${output.length > 0 && output.at(-1) !== 0x0a ? "\n" : ""}${why}\n`));
  say({ type: "tool_execution_end", ...call, result: result(), isError: why !== undefined });
  return output.toString("utf8");
}
