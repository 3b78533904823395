import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import type { Client } from "../../control/client.ts";
import type { DialogAnswer, DialogQuestion } from "../../protocol/agent.ts";
import { PiworkError } from "../../protocol/errors.ts";
import { attach, plain, report } from "../attach.ts";

export function addAnswer(program: Command): void {
  program
    .command("answer [QUESTION] [VALUE]")
    .description(
      "answer what an agent asks (yes or no to a confirm); QUESTION is needed where it asks more than one thing. Without either, show what it asks",
    )
    .option("--task <ID>", "the task (default: the active one)")
    .option("--cancel", "do not answer; the agent is told so")
    .option("--json", "print the questions for programs")
    .action(
      async (
        first: string | undefined,
        second: string | undefined,
        options: { task?: string; cancel?: boolean; json?: boolean },
        command: Command,
      ) => {
        const client = await attach(command);
        const { task } = options;
        const questions = await client.call("questions", { task });
        if (first === undefined && !options.cancel)
          return report(questions, options, () => questions.map(describe).join("\n") || "nothing is asked");
        const named = questions.find(({ id }) => id === first);
        // Where one thing is asked, it need not be named.
        const isNamed = named !== undefined || second !== undefined;
        const question = named ?? (isNamed || questions.length !== 1 ? undefined : questions[0]);
        const value = isNamed ? second : first;
        if (question === undefined)
          throw new PiworkError(
            "INVALID_REQUEST",
            "That is not asked, or was answered; 'piwork answer' shows what is.",
          );
        if (options.cancel && value !== undefined)
          throw new PiworkError("INVALID_REQUEST", "Say VALUE or --cancel, not both.");
        const answer = options.cancel ? { cancelled: true as const } : parseAnswer(question, value);
        await client.call("answer", { task, question: question.id, answer });
      },
    );
}

/** Asks a person at the terminal, and passes the answer on. */
export async function askOnTerminal(
  client: Client,
  taskId: string | null,
  question: DialogQuestion,
  signal: AbortSignal,
): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Readline takes a Ctrl-C for itself; it is meant for the turn.
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  process.stderr.write(`${describe(question)}\n`);
  try {
    for (;;) {
      const written = await terminal.question("(empty: no answer) > ", { signal });
      try {
        const answer = written === "" ? { cancelled: true as const } : parseAnswer(question, written);
        return void (await client.call("answer", { task: taskId ?? undefined, question: question.id, answer }));
      } catch (error) {
        if (!(error instanceof PiworkError) || error.code !== "INVALID_REQUEST" || signal.aborted) throw error;
        process.stderr.write(`${plain(error.message)}\n`);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    terminal.close();
  }
}

export function howToAnswer(question: DialogQuestion, taskId: string | null): string {
  const task = taskId === null ? "" : ` --task ${taskId}`;
  return `${describe(question)}\npiwork: answer with: piwork answer${task} '${plain(question.id)}' ${question.method === "confirm" ? "yes|no" : "VALUE"}\n`;
}

function describe({ id, method, title, message, options }: DialogQuestion): string {
  const choices = method === "confirm" ? ["yes", "no"] : (options ?? []);
  return [
    `? ${plain(title)} [${method}, ${plain(id)}]`,
    ...(message === undefined ? [] : [plain(message)]),
    ...choices.map((choice) => `  - ${plain(choice)}`),
  ].join("\n");
}

function parseAnswer({ method, options }: DialogQuestion, written: string | undefined): DialogAnswer {
  if (written === undefined) throw new PiworkError("INVALID_REQUEST", "Say VALUE, or --cancel.");
  if (method === "confirm") {
    if (/^(y|yes)$/i.test(written)) return { confirmed: true };
    if (/^(n|no)$/i.test(written)) return { confirmed: false };
    throw new PiworkError("INVALID_REQUEST", "The answer is yes or no.");
  }
  if (method === "select" && options !== undefined && !options.includes(written))
    throw new PiworkError("INVALID_REQUEST", `The answer is one of: ${options.map(plain).join(", ")}.`);
  return { value: written };
}
