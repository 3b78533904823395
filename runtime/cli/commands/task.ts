import { isAbsolute, relative, resolve } from "node:path";
import type { Command } from "commander";
import type { Planted } from "../../api/files.ts";
import type { TaskRecord } from "../../api/record.ts";
import type { Client } from "../../control/client.ts";
import { PiworkError } from "../../protocol/errors.ts";
import { thinkingLevel } from "../../protocol/kinds.ts";
import { memoryWords } from "../../protocol/memory-words.ts";
import { attach, plain, print, printJson, report, sayWaiting } from "../attach.ts";
import { confirm, sayOnInterrupt } from "../interrupt.ts";
import { parseMemory } from "../size.ts";
import { table } from "../table.ts";
import { ALLOW_HOST, gather, policyOf } from "./network.ts";
import { describeTasks } from "./status.ts";

interface Output {
  json?: boolean;
}

export function addTask(program: Command): void {
  const task = program.command("task").description("create, look at, switch, bind, stop and delete tasks");

  task
    .command("create TITLE")
    .description("create a task, give it a folder, and make it the active one")
    .option("--folder <DIR>", "its folder, below the workspace root; without it the task has only its outputs")
    .option("--shared-folder", SHARED_FOLDER)
    .option("--memory <SIZE>", "its memory, as in 512M or 2G (default: that of 'piwork up')", (text) =>
      parseMemory(text),
    )
    .option("--allow-host <HOST[:PORT]>", `${ALLOW_HOST}, repeatable`, gather)
    .option(
      "--ask <PATTERN>",
      "a tool, or files below its folder, that its agent asks for each time, repeatable; ** stands for any names, * for characters of one",
      gather,
      [],
    )
    .option("--json", "print the task for programs")
    .action(async (title: string, options: Creating, command: Command) => {
      const { ask, memory, sharedFolder } = options;
      const network = policyOf(options.allowHost);
      const client = await attach(command);
      using _waiting = sayWaiting(client, "opening the task");
      const folder = options.folder === undefined ? null : await askedFolder(client, options.folder);
      const asked = { title, folder, ask, memoryBytes: memory, sharedFolder, network };
      using _interrupt = sayOnInterrupt("the task is created all the same; 'piwork task list' shows it");
      show(await client.call("task_create", asked), options);
    });

  task
    .command("bind DIR")
    .description("give a task that has no folder one, for good; its conversation and its outputs stay")
    .option("--task <ID>", "the task (default: the active one)")
    .option("--shared-folder", SHARED_FOLDER)
    .option("--json", "print the task for programs")
    .action(async (written: string, options: Output & { task?: string; sharedFolder?: boolean }, command: Command) => {
      const client = await attach(command);
      using _waiting = sayWaiting(client, "binding the folder");
      const folder = await askedFolder(client, written);
      const { task, sharedFolder } = options;
      show(await client.call("task_bind", { task, folder, sharedFolder }), options);
    });

  task
    .command("list")
    .description("all tasks; * marks the active one")
    .option("--json", "print them for programs")
    .action(async (options: Output, command: Command) => {
      const { tasks, activeTask } = await (await attach(command)).call("status", {});
      report(tasks, options, () => describeTasks(tasks, activeTask));
    });

  task
    .command("show [ID]")
    .description("one task (the active one without ID), and what in its folder is dangerous on this computer")
    .option("--json", "print it for programs")
    .action(async (id: string | undefined, options: Output, command: Command) => {
      const { record, ask, planted, missing } = await inspect(await attach(command), id);
      if (options.json) return printJson({ ...record, ask, planted });
      show(record, options);
      if (planted === null) return print(`\nits folder cannot be searched: ${plain(missing)}`);
      if (ask.length > 0) print(`its agent asks each time for: ${ask.map(plain).join(", ")}`);
      print(`\n${describePlanted(planted)}`);
    });

  task
    .command("switch ID")
    .description("make a task the active one; a stopped task is opened again")
    .option("--json", "print the task for programs")
    .action(async (id: string, options: Output, command: Command) => {
      const client = await attach(command);
      using _waiting = sayWaiting(client, "opening the task");
      using _interrupt = sayOnInterrupt("the task is opened all the same; 'piwork task list' shows it");
      show(await client.call("task_switch", { task: id }), options);
    });

  task
    .command("stop [ID]")
    .description("end a task's agent and commands (the active task's without ID); the task stays in the list")
    .option("--json", "print the task for programs")
    .action(async (id: string | undefined, options: Output, command: Command) => {
      const client = await attach(command);
      using _waiting = sayWaiting(client, "stopping the task");
      using _interrupt = sayOnInterrupt("the task is stopped all the same");
      show(await client.call("task_stop", { task: id }), options);
    });

  task
    .command("delete ID")
    .description("end a task and remove its session, outputs, uploads and home; its folder is not touched")
    .option("--yes", "do not ask")
    .action(async (id: string, options: { yes?: boolean }, command: Command) => {
      const client = await attach(command);
      const record = await client.call("task_show", { task: id });
      const question = `delete '${plain(record.title)}' (${id}), its session, outputs, uploads and home? Its folder stays.`;
      if (!options.yes && !(process.stdin.isTTY && (await confirm(question, "nothing was deleted")))) {
        process.stderr.write("piwork: nothing was deleted; with --yes it is not asked\n");
        process.exitCode = 1;
        return;
      }
      using _waiting = sayWaiting(client, "deleting the task");
      using _interrupt = sayOnInterrupt("the task is deleted all the same");
      await client.call("task_delete", { task: id });
      print(`deleted ${id}`);
    });

  task
    .command("models [ID]")
    .description("the models a task's agent offers; * marks the one in use")
    .option("--json", "print them for programs")
    .action(async (id: string | undefined, options: Output, command: Command) => {
      const answer = await (await attach(command)).call("models", { task: id });
      if (options.json) return printJson(answer);
      const current = answer.current === null ? undefined : modelWords(answer.current);
      for (const model of answer.models.map(modelWords)) print(`${model === current ? "*" : " "} ${plain(model)}`);
    });

  task
    .command("model PROVIDER/MODEL")
    .description("choose the model of a task's agent; the choice is kept with the task")
    .option("--task <ID>", "the task (default: the active one)")
    .option("--json", "print the task for programs")
    .action(async (named: string, options: Output & { task?: string }, command: Command) => {
      const client = await attach(command);
      const [provider = "", ...rest] = named.split("/");
      if (provider === "" || rest.join("/") === "")
        throw new PiworkError("INVALID_REQUEST", "A model is named PROVIDER/MODEL; 'piwork task models' lists them.");
      const model = { provider, id: rest.join("/") };
      show(await client.call("model_set", { task: options.task, model }), options);
    });

  task
    .command("thinking LEVEL")
    .description(`choose how much the model of a task's agent thinks (${thinkingLevel.options.join(", ")})`)
    .option("--task <ID>", "the task (default: the active one)")
    .option("--json", "print the task for programs")
    .action(async (named: string, options: Output & { task?: string }, command: Command) => {
      const level = thinkingLevel.safeParse(named).data;
      if (level === undefined)
        throw new PiworkError("INVALID_REQUEST", `A thinking level is one of ${thinkingLevel.options.join(", ")}.`);
      show(await (await attach(command)).call("thinking_set", { task: options.task, level }), options);
    });
}

interface Creating extends Output {
  folder?: string;
  sharedFolder?: boolean;
  allowHost?: string[];
  memory?: number;
  ask: string[];
}

const SHARED_FOLDER = "allow it to be, hold or lie in the folder of another open task";

function modelWords({ provider, id }: { provider: string; id: string }): string {
  return `${provider}/${id}`;
}

function show(task: TaskRecord, options: Output): void {
  report(task, options, describe);
}

function describe(task: TaskRecord): string {
  const sharing = task.sharedFolder ? ", may be shared with other tasks" : "";
  return table([
    ["task", task.id],
    ["title", plain(task.title)],
    ["state", task.state],
    ["folder", task.folder === null ? "none: /work is its outputs" : `${plain(task.folder)}${sharing}`],
    ["memory", `${memoryWords(task.memoryBytes)}, /tmp included`],
    ["agent", task.agent],
    ["model", task.model === null ? "the agent's own choice" : plain(modelWords(task.model))],
    ...(task.thinking === null ? [] : [["thinking", task.thinking]]),
    ["created", task.createdAt],
    ...(task.growth?.exceeded ? [["limit", plain(task.growth.exceeded)]] : []),
    ...(task.turn === null ? [] : [["turn", `in flight since ${task.turn.startedAt}`]]),
    ...(task.lostTurn === null
      ? []
      : [["lost", `the turn of ${task.lostTurn.startedAt}: ${plain(task.lostTurn.why)}`]]),
  ]);
}

/** A task, what it is asked for, and what is in its folder; of a task whose folder is gone the record alone. */
export async function inspect(client: Pick<Client, "call">, id: string | undefined) {
  const record = await client.call("task_show", { task: id });
  try {
    return { ...(await client.call("task_inspect", { task: record.id })), missing: "" };
  } catch (error) {
    if (!(error instanceof PiworkError) || error.code !== "WORKSPACE_POLICY_VIOLATION") throw error;
    return { record, ask: [], planted: null, missing: error.message };
  }
}

/** What a person must know before working in a task's folder. */
function describePlanted({ findings, truncated }: Planted): string {
  const rows = findings.map(({ path, why, changedSinceTask }) => [
    changedSinceTask ? "*" : " ",
    oneLine(path),
    oneLine(why),
  ]);
  const found =
    rows.length === 0
      ? ["its folder holds no link that leaves it, and nothing known that tools of this computer run"]
      : [
          "the folder holds things that leave it or that tools of this computer would run; * changed since the task was created:",
          table(rows),
        ];
  const cut = truncated ? ["(not everything was looked at: there is too much, or it took too long)"] : [];
  return [...found, ...cut].join("\n");
}

function oneLine(text: string): string {
  return plain(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

async function askedFolder(client: Client, written: string): Promise<string> {
  return nameFolder(written, (await client.call("status", {})).workspace, process.cwd());
}

/** A folder as a person writes it: like any path, or, where that is not below the workspace, relative to the workspace root. */
export function nameFolder(written: string, workspace: string, cwd: string): string {
  if (isAbsolute(written)) return written;
  const fromHere = relative(workspace, resolve(cwd, written));
  if (fromHere === "") return workspace; // which is refused, for what it is
  const below = fromHere !== ".." && !fromHere.startsWith("../");
  return below ? fromHere : written;
}
