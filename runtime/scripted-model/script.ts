import { type Act, makeStep, type Step } from "./step.ts";

/** A script that cannot be played, with where and why. */
export class ScriptError extends Error {}

interface Word {
  word: string;
  /** what follows it */
  takes: string;
  does: string;
  apply(step: Step, rest: string): void;
}

const LONGEST_WAIT_MS = 600_000;
const LONGEST_ANSWER = 64 * 1024 * 1024;
const STATUS = { least: 400, most: 599 };

const adds = (make: (rest: string) => Act) => (step: Step, rest: string) => void step.acts.push(make(rest));

/** The language. docs/scripted-provider.md has the same table, which a test compares. */
// biome-ignore format: a table
export const WORDS: readonly Word[] = [
  { word: "say", takes: "TEXT", does: "sends the text; a JSON string where it begins with a quote", apply: adds((rest) => ({ type: "say", text: text(rest) })) },
  { word: "think", takes: "TEXT", does: "sends it as thinking, where the model thinks and the request asks for it", apply: adds((rest) => ({ type: "think", text: text(rest) })) },
  { word: "call", takes: "TOOL JSON", does: "calls a tool; several calls in one step are made at once", apply: adds(call) },
  { word: "long", takes: "CHARACTERS", does: "sends that many characters: a running number in each group of sixteen", apply: adds((rest) => ({ type: "say", text: long(number(rest, 1, LONGEST_ANSWER)) })) },
  { word: "empty", takes: "", does: "sends nothing at all", apply: () => {} },
  { word: "wait", takes: "MILLISECONDS", does: "waits, before the answer begins", apply: adds((rest) => ({ type: "wait", milliseconds: number(rest, 0, LONGEST_WAIT_MS) })) },
  { word: "pace", takes: "MILLISECONDS", does: "waits between two chunks", apply: (step, rest) => { step.pace = number(rest, 0, LONGEST_WAIT_MS); } },
  { word: "piece", takes: "CHARACTERS", does: "puts that many characters into a chunk, of arguments as well (16)", apply: (step, rest) => { step.piece = number(rest, 1, LONGEST_ANSWER); } },
  { word: "usage", takes: "INPUT OUTPUT [CACHED]", does: "reports this usage of tokens", apply: usage },
  { word: "finish", takes: "REASON", does: "ends for this reason, in OpenAI's words or the API's: length, content_filter, ...", apply: (step, rest) => { step.finish = rest; } },
  { word: "error", takes: "STATUS [MESSAGE]", does: "answers with this status and an error in the form of its API", apply: adds(error) },
  { word: "retry-after", takes: "SECONDS", does: "adds to an error when to try again", apply: (step, rest) => { step.retryAfter = number(rest, 0, 3600); } },
  { word: "cut", takes: "", does: "ends the connection in the middle of a chunk", apply: adds(() => ({ type: "cut" })) },
  { word: "end", takes: "", does: "ends the answer here, without the API's end mark", apply: adds(() => ({ type: "end" })) },
  { word: "garbage", takes: "", does: "sends a chunk that is not JSON, and continues", apply: adds(() => ({ type: "garbage" })) },
  { word: "times", takes: "COUNT", does: "limits the faults of this step to the first COUNT attempts", apply: (step, rest) => { step.times = number(rest, 1, 1000); } },
];

const FIRST_LINE = /^script:?[ \t]*$/;
const NEXT_STEP = "---";

/** The steps of a message that is a script; undefined where it is none. */
export function parseScript(message: string): Step[] | undefined {
  const [first = "", ...lines] = message.trim().split(/\r?\n/);
  if (!FIRST_LINE.test(first)) return undefined;
  const steps = [makeStep()];
  const used = [0];
  for (const [at, whole] of lines.entries()) {
    const line = whole.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (line === NEXT_STEP) {
      steps.push(makeStep());
      used.push(0);
      continue;
    }
    const [, name = "", rest = ""] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
    try {
      const word = WORDS.find(({ word }) => word === name);
      if (word === undefined) throw new ScriptError(`there is no word '${name}'; there are ${listOfWords()}`);
      if (word.takes === "" && rest !== "") throw new ScriptError(`'${name}' stands alone`);
      if (word.takes !== "" && rest === "") throw new ScriptError(`it is '${name} ${word.takes}'`);
      word.apply(steps.at(-1) as Step, rest);
      used[used.length - 1] = 1;
    } catch (error) {
      if (error instanceof ScriptError) throw new ScriptError(`line ${at + 2}: ${error.message}`);
      throw error;
    }
  }
  const unused = used.indexOf(0);
  if (unused >= 0) throw new ScriptError(`step ${unused + 1} has no words; 'empty' says nothing`);
  return steps;
}

function listOfWords(): string {
  return WORDS.map(({ word }) => word).join(", ");
}

function text(rest: string): string {
  if (!rest.startsWith('"')) return rest;
  const value = json(rest);
  if (typeof value !== "string") throw new ScriptError("it is no JSON string");
  return value;
}

function call(rest: string): Act {
  const [, tool = "", written = ""] = /^(\S+)\s*(.*)$/.exec(rest) ?? [];
  const input = json(written === "" ? "{}" : written);
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw new ScriptError("arguments are a JSON object");
  return { type: "call", tool, input: input as Record<string, unknown> };
}

function error(rest: string): Act {
  const [, status = "", message = ""] = /^(\S+)\s*(.*)$/.exec(rest) ?? [];
  return { type: "error", status: number(status, STATUS.least, STATUS.most), message: message || `scripted ${status}` };
}

function usage(step: Step, rest: string): void {
  const [input = 0, output = 0, cached = 0, ...more] = rest.split(/\s+/).map((one) => number(one, 0, 1e9));
  if (more.length > 0) throw new ScriptError("three numbers at most");
  step.usage = { input, output, cached };
}

function json(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch (cause) {
    throw new ScriptError(`it is no JSON: ${(cause as Error).message}`);
  }
}

function number(written: string, least: number, most: number): number {
  const value = Number(written);
  if (!/^\d+$/.test(written) || value < least || value > most)
    throw new ScriptError(`'${written}' is no whole number from ${least} to ${most}`);
  return value;
}

export function long(characters: number): string {
  const parts: string[] = [];
  for (let at = 0; at < characters; at += 16) parts.push(`${String(at / 16).padStart(14, "0")}, `);
  return parts.join("").slice(0, characters);
}
