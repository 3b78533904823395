import type { Command } from "commander";
import { attach, print, printJson, table } from "../attach.ts";

export function addDiag(program: Command): void {
  program
    .command("diag")
    .description("what each machine's kernel and taskd say about it")
    .option("--json", "print it for programs, with QEMU's full arguments and the mounts")
    .action(async (options: { json?: boolean }, command: Command) => {
      const machines = await (await attach(command)).call("diag", {});
      if (options.json) return printJson(machines);
      for (const { machine, guest } of machines) {
        print(
          table([
            ["machine", machine],
            ["kernel", `${guest.kernel}, clock ${guest.clocksource}`],
            ["node", guest.node],
            ["up for", `${(guest.monotonicMs / 1000).toFixed(0)} s`],
            [
              "memory",
              `${Math.round(guest.memoryAvailableKb / 1024)} of ${Math.round(guest.memoryTotalKb / 1024)} MiB free`,
            ],
            ...guest.mounts
              .filter(({ type }) => type === "9p")
              .map(({ target, options: words }) => ["share", `${target} (${words})`]),
          ]),
        );
      }
    });
}
