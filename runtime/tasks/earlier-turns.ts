import * as z from "zod";
import { newTurn, type ToolStep, type Turn } from "../api/conversation.ts";
import { content, textOf, toolCallText } from "../protocol/agent.ts";

/** A line of the probe's session that somebody said. */
const probeLine = z.looseObject({ role: z.enum(["user", "assistant"]), text: z.string() });

/** A line of pi's session that somebody said, or that a tool answered. */
const piLine = z.looseObject({
  type: z.literal("message"),
  message: z.discriminatedUnion("role", [
    z.looseObject({ role: z.literal("user"), content: z.union([z.string(), content]) }),
    z.looseObject({ role: z.literal("assistant"), content }),
    z.looseObject({ role: z.literal("toolResult"), toolCallId: z.string(), content, isError: z.boolean() }),
  ]),
});

const toolCall = z.looseObject({
  type: z.literal("toolCall"),
  id: z.string(),
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()),
});
const thought = z.looseObject({ type: z.literal("thinking"), thinking: z.string() });

/** The turns in the lines of a saved session. A machine wrote it, so it may be anything. */
export function turnsIn(lines: readonly string[]): Turn[] {
  const turns: Turn[] = [];
  for (const line of lines) {
    const parsed = parseOrNothing(line);
    const probes = probeLine.safeParse(parsed).data;
    if (probes?.role === "user") begin(turns, probes.text);
    else if (probes !== undefined) say(turns.at(-1), "text", probes.text);
    const pis = piLine.safeParse(parsed).data?.message;
    if (pis !== undefined) addMessage(turns, pis);
  }
  return turns;
}

function addMessage(turns: Turn[], message: z.infer<typeof piLine>["message"]): void {
  if (message.role === "user") return begin(turns, textOf(message.content));
  const turn = turns.at(-1);
  if (message.role === "toolResult") {
    const step = turn?.parts.findLast(
      (part): part is ToolStep => part.type === "step" && part.call === message.toolCallId,
    );
    if (step === undefined) return;
    step.output = textOf(message.content);
    step.state = message.isError ? "failed" : "worked";
    return;
  }
  for (const part of message.content) {
    const thinks = thought.safeParse(part).data;
    const calls = toolCall.safeParse(part).data;
    if (thinks !== undefined) say(turn, "thought", thinks.thinking);
    else if (calls !== undefined) turn?.parts.push(stepOf(calls));
    else say(turn, "text", textOf([part]));
  }
}

function begin(turns: Turn[], prompt: string): void {
  turns.push({ ...newTurn(null, prompt), end: { how: "ended", saved: true } });
}

function say(turn: Turn | undefined, type: "text" | "thought", text: string): void {
  if (text !== "") turn?.parts.push({ type, text });
}

function stepOf({ id, name, arguments: args }: z.infer<typeof toolCall>): ToolStep {
  return {
    type: "step",
    call: id,
    tool: name,
    command: toolCallText(name, args),
    output: "",
    state: "running",
    exitCode: null,
  };
}

function parseOrNothing(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
