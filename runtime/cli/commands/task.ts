import { isAbsolute, relative, resolve } from "node:path";
import type { Command } from "commander";
import type { TaskRecord } from "../../protocol/record.ts";
import { attach, plain, print, printJson, table } from "../attach.ts";
import { describeTasks } from "./status.ts";

interface Output {
  json?: boolean;
}

export function addTask(program: Command): void {
  const task = program.command("task").description("create, look at, switch and stop tasks");

  task
    .command("create TITLE")
    .description("create a task, give it a folder, and make it the active one")
    .option("--folder <DIR>", "its folder, below the workspace root; without it the task has only its outputs")
    .option("--json", "print the task for programs")
    .action(async (title: string, options: Output & { folder?: string }, command: Command) => {
      const client = await attach(command);
      const { workspace } = await client.call("status", {});
      const folder = options.folder === undefined ? null : nameFolder(options.folder, workspace, process.cwd());
      show(await client.call("task_create", { title, folder }), options);
    });

  task
    .command("list")
    .description("all tasks; * marks the active one")
    .option("--json", "print them for programs")
    .action(async (options: Output, command: Command) => {
      const { tasks, activeTask } = await (await attach(command)).call("status", {});
      if (options.json) printJson(tasks);
      else print(describeTasks(tasks, activeTask));
    });

  task
    .command("show [ID]")
    .description("one task (the active one without ID)")
    .option("--json", "print it for programs")
    .action(async (id: string | undefined, options: Output, command: Command) => {
      show(await (await attach(command)).call("task_show", id === undefined ? {} : { task: id }), options);
    });

  task
    .command("switch ID")
    .description("make a task the active one; a stopped task is opened again")
    .option("--json", "print the task for programs")
    .action(async (id: string, options: Output, command: Command) => {
      show(await (await attach(command)).call("task_switch", { task: id }), options);
    });

  task
    .command("stop [ID]")
    .description("end a task's agent and commands (the active task's without ID); the task stays in the list")
    .option("--json", "print the task for programs")
    .action(async (id: string | undefined, options: Output, command: Command) => {
      show(await (await attach(command)).call("task_stop", id === undefined ? {} : { task: id }), options);
    });
}

function show(task: TaskRecord, { json }: Output): void {
  if (json) return printJson(task);
  print(
    table([
      ["task", task.id],
      ["title", plain(task.title)],
      ["state", task.state],
      ["folder", task.folder === null ? "none: /work is its outputs" : plain(task.folder)],
      ["agent", task.agent],
      ["created", task.createdAt],
    ]),
  );
}

/** A folder as a person writes it: like any path, or, where that is not below the workspace, relative to the workspace root. */
export function nameFolder(written: string, workspace: string, cwd: string): string {
  if (isAbsolute(written)) return written;
  const fromHere = relative(workspace, resolve(cwd, written));
  const below = fromHere !== "" && fromHere !== ".." && !fromHere.startsWith("../");
  return below ? fromHere : written;
}
