import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { LineSplitter, LineTooLong } from "../../runtime/protocol/lines.ts";

/**
 * The probe: an agent without a model, so that everything around an agent can be tried with known answers.
 * `run: <command>` runs a command in /work as the real agent's bash tool would; other text is echoed.
 */

/** As the real agent does: at most this much of a command's output is kept, its end. */
const OUTPUT_TAIL = 50 * 1024;
/** Time for what a shell wrote last to arrive, in milliseconds. */
const DRAIN_MS = 200;
/** Between two looks at a running command's output, in milliseconds. */
const UPDATE_EVERY_MS = 100;

let turn: AbortController | undefined;
let toolCalls = 0;

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function respond(request: Record<string, unknown>, answer: { data: object } | { error: string } | object = {}): void {
  say({ id: request["id"], type: "response", command: request["type"], success: !("error" in answer), ...answer });
}

function receive(request: Record<string, unknown>): void {
  switch (request["type"]) {
    case "get_state":
      return respond(request, { data: { model: null, isStreaming: turn !== undefined } });
    case "abort":
      turn?.abort();
      return respond(request);
    case "prompt":
      if (typeof request["message"] !== "string") return respond(request, { error: "a prompt needs a message" });
      if (turn !== undefined) return respond(request, { error: "a turn is running" });
      respond(request);
      void takeTurn(request["message"]);
      return;
    default:
      return respond(request, { error: "the probe does not know this command" });
  }
}

async function takeTurn(message: string): Promise<void> {
  turn = new AbortController();
  say({ type: "agent_start" });
  say({ type: "turn_start" });
  const command = /^run:\s*(.+)$/s.exec(message)?.[1];
  if (command === undefined) echo(message);
  else await runCommand(command, turn.signal);
  say({ type: "turn_end" });
  turn = undefined;
  say({ type: "agent_end", messages: [] });
}

function echo(message: string): void {
  const content = [{ type: "text", text: message }];
  say({ type: "message_start", message: { role: "assistant", content: [] } });
  say({
    type: "message_update",
    message: { role: "assistant", content },
    assistantMessageEvent: { type: "text_delta", contentIndex: 0, delta: message },
  });
  say({ type: "message_end", message: { role: "assistant", content, stopReason: "stop" } });
}

async function runCommand(command: string, signal: AbortSignal): Promise<void> {
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
  if (why !== undefined) collect(Buffer.from(`${output.length > 0 && output.at(-1) !== 0x0a ? "\n" : ""}${why}\n`));
  say({ type: "tool_execution_end", ...call, result: result(), isError: why !== undefined });
}

const splitter = new LineSplitter(LIMITS.lineBytes);
for await (const chunk of process.stdin) {
  for (const line of splitter.push(chunk as Buffer)) {
    if (line instanceof LineTooLong) continue;
    receive(JSON.parse(line) as Record<string, unknown>);
  }
}
