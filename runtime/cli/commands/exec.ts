import { once } from "node:events";
import { type Command, InvalidArgumentError } from "commander";
import { attach, plain, sayWaiting } from "../attach.ts";

/** As `timeout` does: a command that was ended by its limit. */
const TIMED_OUT = 124;

export function addExec(program: Command): void {
  program
    .command("exec")
    .usage("[options] -- CMD [ARG...]")
    .argument("<CMD...>", "the command and its arguments; for a shell: -- sh -c '…'")
    .description(
      "run a command inside a task, in /work; its stdout, stderr and exit code pass through, it has no stdin",
    )
    .showHelpAfterError("(options of the command itself go behind --, as in: piwork exec -- ls -la)")
    .option("--task <ID>", "the task (default: the active one)")
    .option("--timeout <SECONDS>", "end it, and all it started, after this time (exit code 124)", parseSeconds)
    .action(async (argv: string[], { task, timeout }: { task?: string; timeout?: number }, command: Command) => {
      const client = await attach(command);
      using waiting = sayWaiting(client);
      // Ctrl-C ends this process, the runtime sees its reader gone and ends the command.
      for await (const item of client.stream("exec", { task, argv, timeoutMs: timeout })) {
        waiting[Symbol.dispose]();
        if (item.type === "exit") {
          process.exitCode = item.timedOut ? TIMED_OUT : item.code;
          if (item.outOfMemory !== null) process.stderr.write(`piwork: ${plain(item.outOfMemory)}\n`);
          if (item.timedOut) process.stderr.write("piwork: the time limit ended the command\n");
        } else {
          const stream = item.stream === "stdout" ? process.stdout : process.stderr;
          if (!stream.write(Buffer.from(item.data, "base64"))) await once(stream, "drain");
        }
      }
    });
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new InvalidArgumentError("It is a number of seconds above 0.");
  return Math.ceil(seconds * 1000);
}
