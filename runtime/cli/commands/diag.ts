import type { Command } from "commander";
import { filesPath } from "../../workspace/paths.ts";
import { attach, plain, print, printJson } from "../attach.ts";
import { table } from "../table.ts";

/** State changes on one screen; --json has them all. */
const SHOWN_CHANGES = 15;

export function addDiag(program: Command): void {
  program
    .command("diag")
    .description("what each machine's kernel and taskd say about it")
    .option("--json", "print it for programs, with QEMU's full arguments, the mounts and each layer of the walls")
    .action(async (options: { json?: boolean }, command: Command) => {
      const diagnosis = await (await attach(command)).call("diag", {});
      if (options.json) return printJson(diagnosis);
      for (const { machine, guest } of diagnosis.machines) {
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
            ["events", `${guest.events.sent} sent, ${guest.events.acknowledged} acknowledged`],
            ...guest.walls.map(({ taskId, layers }) => ["walls", `${taskId}: ${describeWalls(layers)}`]),
            ...filesPath.expected
              .mounts(guest.mounts)
              .map(({ target, options: words }) => ["files", `${target} (${words})`]),
          ]),
        );
      }
      for (const { machine, why } of diagnosis.silent) print(`${machine}: ${plain(why)}`);
      print("\nlast changes");
      const shown = diagnosis.history.slice(-SHOWN_CHANGES);
      print(
        table(
          shown.map(({ at, of, from, to, why }) => [new Date(at).toISOString(), of, `${from} → ${to}`, plain(why)]),
        ),
      );
    });
}

function describeWalls(layers: readonly { layer: string; holds: boolean; seen: string }[]): string {
  if (layers.length === 0) return "no agent runs";
  const gaps = layers.filter(({ holds }) => !holds);
  if (gaps.length === 0)
    return `all ${layers.length} layers hold, says the kernel: ${layers.map(({ layer }) => layer).join(" ")} (see docs/walls.md)`;
  return `NOT WHOLE: ${gaps.map(({ layer, seen }) => `${layer} (${plain(seen)})`).join(", ")}`;
}
