import { type Command, Option } from "commander";
import { PiworkError } from "../../protocol/errors.ts";
import { attach, complain, print, report, sayWaiting } from "../attach.ts";
import { PrintedTranscript } from "../transcript.ts";
import { askOnTerminal, howToAnswer } from "./answer.ts";

/** The commands that speak to a task's agent. */
export function addPrompt(program: Command): void {
  program
    .command("prompt TEXT")
    .description("send a prompt and stream the answer; Ctrl-C aborts the turn. Ends with 0 where the agent finished")
    .option("--task <ID>", "the task (default: the active one)")
    .option("--json", "print each event as a line of JSON")
    .action(async (message: string, options: { task?: string; json?: boolean }, command: Command) => {
      const client = await attach(command);
      const { task } = options;
      const over = new AbortController();
      let interrupted = false;
      process.on("SIGINT", () => {
        if (interrupted) process.exit(130);
        interrupted = true;
        process.stderr.write("piwork: aborting the turn; Ctrl-C again leaves it running\n");
        client.call("abort", { task }).catch((error: Error) => process.stderr.write(`piwork: ${error.message}\n`));
      });
      const transcript = new PrintedTranscript(options.json ? () => {} : undefined);
      using waiting = sayWaiting(client, "the agent has not said anything yet");
      let failure: PiworkError | undefined;
      for await (const event of client.stream("prompt", { task, message })) {
        waiting[Symbol.dispose]();
        if (options.json) print(JSON.stringify(event));
        transcript.show(event);
        if (event.event === "task_error") failure = PiworkError.fromBody(event.payload.error);
        if (event.event !== "extension_ui_request" || options.json) continue;
        transcript.end();
        const { question } = event.payload;
        if (process.stdin.isTTY) void askOnTerminal(client, event.taskId, question, over.signal).catch(complain);
        else process.stderr.write(howToAnswer(question, event.taskId));
      }
      over.abort();
      transcript.end();
      if (failure !== undefined) complain(failure);
      if (interrupted) process.exitCode = 130;
      else if (failure !== undefined || !transcript.isFinished) process.exitCode = 1;
    });

  program
    .command("steer TEXT")
    .description("send a message to an agent that is working")
    .option("--task <ID>", "the task (default: the active one)")
    .addOption(
      new Option("--when <WHEN>", "now: the agent reads it before its next step; after: when it would have ended")
        .choices(["now", "after"])
        .default("now"),
    )
    .action(async (message: string, { task, when }: { task?: string; when: "now" | "after" }, command: Command) => {
      await (await attach(command)).call("steer", { task, message, when });
      print(`Queued. The agent reads it ${when === "now" ? "after the current step" : "when it is done"}.`);
    });

  program
    .command("abort [ID]")
    .description("end the prompt in flight of a task (the active one without ID)")
    .option("--json", "print the answer for programs")
    .action(async (id: string | undefined, options: { json?: boolean }, command: Command) => {
      const answer = await (await attach(command)).call("abort", { task: id });
      report(answer, options, ({ aborted }) => (aborted ? "aborted" : "nothing was in flight"));
    });
}
