import * as z from "zod";
import { agentDisplay, endingOf, noteOf, textOf, toolCallText, toolResultText } from "../protocol/agent.ts";
import { errorBody } from "../protocol/errors.ts";
import type { RuntimeEvent } from "../protocol/events.ts";
import { requestId } from "../protocol/ids.ts";
import { LIMITS } from "../protocol/limits.ts";

const saidText = z
  .strictObject({
    type: z
      .enum(["text", "thought", "steer", "note", "failure"])
      .describe(
        "`text`: the agent's answer. `thought`: its thinking. `steer`: a person's message during the turn. `note`: a notice of the agent. `failure`: why the model did not answer.",
      ),
    text: z.string().describe("The text."),
  })
  .meta({ title: "text of a turn", description: "Text that was said in a turn." });
export type SaidText = z.infer<typeof saidText>;

const toolStep = z
  .strictObject({
    type: z.literal("step").describe("Mark of a tool call."),
    call: z.string().describe("Id of the call, made by the agent."),
    tool: z.string().describe("Name of the tool."),
    command: z.string().describe("Command line, or the tool's arguments as JSON."),
    output: z.string().describe("Output; only the end of a long one."),
    state: z.enum(["running", "worked", "failed"]).describe("State of the call."),
    exitCode: z.int().nullable().describe("Exit code; null while the tool runs and where the agent gives none."),
  })
  .meta({ title: "step of a turn", description: "Call of a tool in a turn." });
export type ToolStep = z.infer<typeof toolStep>;

export const turn = z
  .strictObject({
    id: requestId
      .nullable()
      .describe("Request id of the prompt; null for a turn of an earlier runtime, which has only texts."),
    prompt: z.string().describe("Text of the prompt."),
    parts: z
      .array(z.discriminatedUnion("type", [saidText, toolStep]))
      .describe("Texts and tool calls, in the order in which they came."),
    dropped: z.int().nonnegative().describe("Number of characters beyond what is kept of one turn."),
    end: z
      .union([
        z.strictObject({
          how: z.literal("ended").describe("The agent ended the turn."),
          saved: z.boolean().describe("Whether the session file has the turn."),
        }),
        z.strictObject({ how: z.literal("failed").describe("The turn failed."), error: errorBody }),
      ])
      .nullable()
      .describe("End of the turn; null while it goes on."),
  })
  .meta({ title: "turn", description: "Prompt with everything that the agent said and did until its end." });
export type Turn = z.infer<typeof turn>;

export const conversation = z
  .strictObject({
    afterSeq: z.int().nonnegative().describe("Number of the last event that is part of the conversation."),
    hasEarlier: z.boolean().describe("Whether there were earlier turns that are not kept."),
    turns: z.array(turn).describe("Turns, the oldest first."),
  })
  .meta({ title: "conversation", description: "What was said and done in a task." });

type ToolOutput = Extract<
  z.infer<typeof agentDisplay>,
  { type: "tool_execution_update" } | { type: "tool_execution_end" }
>;

type ToolStart = Extract<z.infer<typeof agentDisplay>, { type: "tool_execution_start" }>;

export function newTurn(id: string | null, prompt: string): Turn {
  return { id, prompt, parts: [], dropped: 0, end: null };
}

/** What is kept of a step beside its texts, in characters. */
const STEP_CHARGE = 4 * LIMITS.minimumPieceCharge;

const weights = new WeakMap<Turn, number>();

/** What it takes to keep the parts of a turn, in characters. */
export function weightOf(turn: Turn): number {
  let weight = weights.get(turn);
  if (weight === undefined) {
    weight = turn.parts.reduce((sum, part) => sum + (part.type === "step" ? stepWeight(part) : part.text.length), 0);
    weights.set(turn, weight);
  }
  return weight;
}

function stepWeight({ call, tool, command, output }: ToolStep): number {
  return STEP_CHARGE + call.length + tool.length + command.length + output.length;
}

function grow(turn: Turn, by: number): number {
  weights.set(turn, weightOf(turn) + by);
  return by;
}

/** Adds to a turn what an event of it says, while it weighs less than `most`, and tells by how much its weight grew. */
export function addEvent(turn: Turn, event: RuntimeEvent, most: number = LIMITS.turnCharacters): number {
  if (event.event === "agent_end") turn.end = { how: "ended", saved: event.payload.saved };
  if (event.event === "task_error") turn.end = { how: "failed", error: event.payload.error };
  const say = (type: SaidText["type"], text: string) => addText(turn, type, text, most);
  if (event.event === "runtime_warning") return say("note", event.payload.message);
  if (event.event !== "agent_output") return 0;
  const parsed = agentDisplay.safeParse(event.payload.message);
  if (!parsed.success) return 0;
  const message = parsed.data;
  const note = noteOf(message);
  if (note !== undefined) return say(endingOf(message) === "failed" ? "failure" : "note", note);
  switch (message.type) {
    case "message_update": {
      const { type, delta } = message.assistantMessageEvent;
      return say(type === "text_delta" ? "text" : "thought", delta);
    }
    case "message_start":
      // The first is the prompt itself.
      return turn.parts.length === 0 ? 0 : say("steer", textOf(message.message.content));
    case "tool_execution_start":
      return addStep(turn, message, most);
    case "tool_execution_update":
    case "tool_execution_end":
      return addOutput(turn, message, most);
  }
  return 0;
}

function addOutput(turn: Turn, message: ToolOutput, most: number): number {
  const step = turn.parts.findLast(
    (part): part is ToolStep => part.type === "step" && part.call === message.toolCallId,
  );
  if (step === undefined) return 0;
  const before = step.output.length;
  const room = Math.max(0, most - weightOf(turn) + before);
  if (message.type === "tool_execution_update") step.output = kept(toolResultText(message.partialResult), room);
  else {
    step.output = kept(toolResultText(message.result), room);
    step.state = message.isError ? "failed" : "worked";
    step.exitCode = step.tool !== "bash" ? null : message.isError ? exitCodeIn(step.output) : 0;
  }
  return grow(turn, step.output.length - before);
}

/** Pieces of what the agent says, or thinks, are one part until something else happens. */
function addText(turn: Turn, type: SaidText["type"], delta: string, most: number): number {
  const taken = delta.slice(0, Math.max(0, most - weightOf(turn)));
  turn.dropped += delta.length - taken.length;
  if (taken === "") return 0;
  const last = turn.parts.at(-1);
  if (last?.type === type && (type === "text" || type === "thought")) last.text += taken;
  else if (turn.parts.length < LIMITS.turnParts) turn.parts.push({ type, text: taken });
  else {
    turn.dropped += taken.length;
    return 0;
  }
  return grow(turn, Math.max(taken.length, LIMITS.minimumPieceCharge));
}

function addStep(turn: Turn, { toolCallId: call, toolName: tool, args }: ToolStart, most: number): number {
  const text = toolCallText(tool, args);
  const step: ToolStep = {
    type: "step",
    call,
    tool,
    command: kept(text),
    output: "",
    state: "running",
    exitCode: null,
  };
  const weight = stepWeight(step);
  if (turn.parts.length >= LIMITS.turnParts || weightOf(turn) + weight > most) {
    turn.dropped += text.length;
    return 0;
  }
  turn.parts.push(step);
  return grow(turn, weight);
}

/** The end of a text. A copy: a part of a text keeps all of it in memory. */
function kept(text: string, most: number = LIMITS.stepCharacters): string {
  const start = text.length - Math.min(most, LIMITS.stepCharacters);
  return start <= 0 ? text : JSON.parse(JSON.stringify(text.slice(start)));
}

/** Agents have no field for it: their last line says it. */
function exitCodeIn(output: string): number | null {
  const [, code] = /exited with code (\d{1,3})\s*$/.exec(output.slice(-100)) ?? [];
  return code === undefined ? null : Number(code);
}
