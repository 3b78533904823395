import { die, exhaustMemory, forge, hang, ignoreTerm, waitForAbort } from "./misconduct.ts";
import { speak } from "./output.ts";
import { ask } from "./questions.ts";
import { randomValues } from "./random-values.ts";
import { readPath } from "./read-path.ts";
import { runCommand } from "./run-command.ts";
import type { ProbeTurn, Prompt } from "./turns.ts";
import { flood, sayLine } from "./volume.ts";

type Meet = (prompt: Prompt, argument: string) => void | Promise<void>;

interface Behaviour {
  name: string;
  /** what follows `name: `; without it, the prompt is the name alone */
  argument?: string;
  /** which arguments there are; any, without it */
  accepts?: RegExp;
  description: string;
  meet: Meet;
}

const inTurn =
  (act: (turn: ProbeTurn, argument: string) => string | Promise<string>): Meet =>
  (prompt, argument) =>
    prompt.takeTurn((turn) => act(turn, argument));

const recall = ({ session }: ProbeTurn) => speak(session.userMessages.map((text) => JSON.stringify(text)).join("\n"));

// biome-ignore format: a table
const BEHAVIOURS: readonly Behaviour[] = [
  { name: "run", argument: "COMMAND", description: "runs a command in /work", meet: inTurn(runCommand) },
  { name: "read", argument: "PATH", description: "reads a file in the agent's own process", meet: inTurn(readPath) },
  { name: "recall", description: "says every earlier message of the session, as JSON, one a line", meet: inTurn(recall) },
  { name: "ask", argument: "METHOD TITLE [| OPTION...]", accepts: /^(select|confirm|input|editor)\s+[^\s|]/, description: "asks select, confirm, input or editor, and says the answer", meet: inTurn(ask) },
  { name: "wait", description: "goes on until it is aborted", meet: inTurn(waitForAbort) },
  { name: "random", argument: "COUNT", accepts: /^[1-9]\d{0,3}$/, description: "draws so many values of each source of chance, and says them as JSON", meet: inTurn(randomValues) },
  { name: "flood", argument: "BYTES [CHUNK]", accepts: /^\d{1,15}(\s+[1-9]\d{0,7})?$/, description: "says that many bytes, no faster than it is read", meet: inTurn(flood) },
  { name: "line", argument: "BYTES", accepts: /^\d{1,8}$/, description: "says one line of that many bytes", meet: inTurn(sayLine) },
  { name: "forge", argument: "TEXT", description: "writes lines that are not its own into its output", meet: inTurn(forge) },
  { name: "refuse", argument: "WHY", description: "refuses the prompt", meet: (prompt, why) => prompt.refuse(why) },
  { name: "die", argument: "WHEN", accepts: /^(before|during|after)$/, description: "exits with code 3 before, during or after the turn", meet: die },
  { name: "hang", description: "stops doing anything at all, for ever", meet: inTurn(hang) },
  { name: "exhaust-memory", description: "takes memory in its own process until it is ended for that", meet: inTurn(exhaustMemory) },
  { name: "ignore-term", description: "ignores SIGTERM from now on", meet: inTurn(ignoreTerm) },
];

/** Does what the text of a prompt says. What selects nothing is echoed. */
export function meetPrompt(prompt: Prompt, message: string): void | Promise<void> {
  const [, name = message, argument] = /^([a-z-]+):\s*(.+)$/s.exec(message) ?? [];
  const behaviour = BEHAVIOURS.find((one) => one.name === name && "argument" in one === (argument !== undefined));
  if (behaviour === undefined) return prompt.takeTurn(() => speak(message));
  if (argument !== undefined && behaviour.accepts?.test(argument) === false)
    return prompt.refuse(`'${name}: ${behaviour.argument}' ${behaviour.description}`);
  return behaviour.meet(prompt, argument ?? "");
}
