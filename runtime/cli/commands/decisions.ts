import type { Command } from "commander";
import type { Decision } from "../../protocol/facts.ts";
import { attach, plain, report } from "../attach.ts";
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
        const { task } = options;
        if (options.clear)
          return report(await client.call("decisions_clear", { task, id }), options, ({ cleared }) =>
            cleared === 1 ? "forgot one decision" : `forgot ${cleared} decisions`,
          );
        const decisions = await client.call("decisions", { task });
        report(
          decisions.filter((one) => id === undefined || one.id === id),
          options,
          describe,
        );
      },
    );
}

function describe(decisions: readonly Decision[]): string {
  if (decisions.length === 0) return "nothing: agents ask each time";
  const place = (folder: string | null) => (folder === null ? "without a folder" : plain(folder));
  return table(decisions.map(({ id, task, what, folder, at }) => [id, task, plain(what), place(folder), at]));
}
