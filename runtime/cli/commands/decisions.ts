import type { Command } from "commander";
import { attach, ofTask, plain, print, printJson } from "../attach.ts";
import { table } from "../table.ts";

export function addDecisions(program: Command): void {
  program
    .command("decisions [DECISION]")
    .description("what agents may do without asking again; with --clear, forget one, those of a task, or all")
    .option("--task <ID>", "only of this task")
    .option("--clear", "forget them; agents ask again from now on")
    .option("--json", "print them for programs")
    .action(
      async (id: string | undefined, options: { task?: string; clear?: boolean; json?: boolean }, command: Command) => {
        const client = await attach(command);
        const task = ofTask(options.task);
        if (options.clear) {
          const answer = await client.call("decisions_clear", { ...task, ...(id === undefined ? {} : { id }) });
          if (options.json) printJson(answer);
          else print(answer.cleared === 1 ? "forgot one decision" : `forgot ${answer.cleared} decisions`);
          return;
        }
        const decisions = (await client.call("decisions", task)).filter((one) => id === undefined || one.id === id);
        if (options.json) return printJson(decisions);
        if (decisions.length === 0) return print("nothing: agents ask each time");
        print(
          table(
            decisions.map((one) => [
              one.id,
              one.task,
              plain(one.what),
              one.folder === null ? "without a folder" : plain(one.folder),
              one.at,
            ]),
          ),
        );
      },
    );
}
