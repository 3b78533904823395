import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import type { StatusView } from "../../api/status.ts";
import { PiworkError } from "../../protocol/errors.ts";
import { memoryWords } from "../../protocol/memory-words.ts";
import { attach, plain, print, report } from "../attach.ts";
import { table } from "../table.ts";

/** Time a runtime has to stop its tasks and its machine. */
const DOWN_DEADLINE_MS = 60_000;

export function addStatus(program: Command): void {
  program
    .command("down")
    .description("stop the running runtime, its tasks and its machine")
    .action(async (_options: object, command: Command) => {
      const client = await attach(command);
      const { pid } = await client.call("status", {});
      await client.call("shutdown", {});
      const deadline = Date.now() + DOWN_DEADLINE_MS;
      while (existsSync(`/proc/${pid}`)) {
        if (Date.now() > deadline)
          throw new PiworkError(
            "SWITCH_TIMEOUT",
            `The runtime (process ${pid}) has not ended after ${DOWN_DEADLINE_MS / 1000} s; 'kill -9 ${pid}' ends it and its machine.`,
          );
        await delay(50);
      }
      print("stopped");
    });

  program
    .command("status")
    .description("one screen of facts about the running runtime")
    .option("--json", "print it for programs")
    .action(async (options: { json?: boolean }, command: Command) => {
      report(await (await attach(command)).call("status", {}), options, describe);
    });

  program
    .command("panel")
    .description("a new address of the panel, which opens it once")
    .action(async (_options: object, command: Command) => {
      const { address } = await (await attach(command)).call("panel", {});
      if (address === null)
        throw new PiworkError("TASK_NOT_READY", "This runtime has no panel; start one without --headless.");
      print(address);
    });
}

function describe(status: StatusView): string {
  const { acceleration, image } = status;
  const facts = [
    ["runtime", `piwork ${status.version}, process ${status.pid}, since ${status.startedAt}`],
    ["workspace", status.workspace],
    ["state", status.state],
    ["logs", status.logs],
    ["isolation", status.isolation === "shared" ? "shared: one machine, a process per task" : "vm: a machine per task"],
    ["memory", `${memoryWords(status.memoryBytes)} for each new task`],
    ["acceleration", acceleration === null ? "not chosen yet" : `${acceleration.used}: ${acceleration.reason}`],
    ["image", image === null ? "none yet" : `${image.inputs.slice(0, 16)}, Linux ${image.kernel}, Node ${image.node}`],
    ...(status.starting === null ? [] : [["starting", status.starting]]),
    ...status.machines.map((machine) => [
      machine.id,
      `${machine.state}, QEMU ${machine.pid}, ${machine.bootMs === null ? "booting" : `booted in ${(machine.bootMs / 1000).toFixed(1)} s`}, ${Math.round((machine.residentKb ?? 0) / 1024)} of ${machine.memoryMb} MiB resident`,
    ]),
    ...status.warnings.map((warning) => ["note", warning]),
  ];
  return `${table(facts)}\n\n${describeTasks(status.tasks, status.activeTask)}`;
}

export function describeTasks(tasks: StatusView["tasks"], activeTask: string | null): string {
  if (tasks.length === 0) return "no tasks yet: piwork task create TITLE --folder DIR";
  const rows = tasks.map((task) => [
    task.id === activeTask ? "*" : " ",
    task.id,
    task.turn === null ? task.state : `${task.state}, busy`,
    memoryWords(task.memoryBytes),
    task.folder === null ? "-" : plain(task.folder),
    plain(task.title),
  ]);
  return table([[" ", "task", "state", "memory", "folder", "title"], ...rows]);
}
