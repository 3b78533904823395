import type { Command } from "commander";
import type { Client } from "../../control/client.ts";
import { type StateDump, stateDump } from "../../protocol/dump.ts";
import { PiworkError } from "../../protocol/errors.ts";
import { redactTexts } from "../../redaction.ts";
import { attach, plain, print, printJson } from "../attach.ts";
import { describe } from "./status.ts";
import { describePlanted } from "./task.ts";

export function addDumpState(program: Command): void {
  program
    .command("dump-state")
    .description("everything that is known of the runtime, its machines and its tasks, at this moment")
    .option("--json", "print it as one JSON document, with its schema's version")
    .action(async (options: { json?: boolean }, command: Command) => {
      const dump = await takeDump(await attach(command));
      if (options.json) return printJson(dump);
      print(describe(dump.status));
      for (const { machine, guest } of dump.diag?.machines ?? [])
        print(`\n${machine}: Linux ${plain(guest.kernel)}, ${guest.mounts.length} mounts`);
      for (const { record, planted } of dump.tasks)
        print(`\n${record.id} (${record.state})\n${describePlanted(planted)}`);
    });
}

/** Fit to be handed on: a task, or what it is called, may have a secret in it. */
export async function takeDump(client: Client): Promise<StateDump> {
  const status = await client.call("status", {});
  // A dump is wanted most where something is broken: no machine is started for it, and one that is silent is left out.
  const isUp = status.machines.some(({ state }) => state === "running" || state === "paused");
  const diag = isUp ? await client.call("diag", {}).catch(leaveOut("the machines' own facts")) : null;
  const tasks: StateDump["tasks"] = [];
  for (const { id } of status.tasks) {
    const inspected = await client.call("task_inspect", { task: id }).catch(leaveOut(`task ${id}`));
    if (inspected !== null) tasks.push(inspected);
  }
  return redactTexts(stateDump.parse({ schema: 1, takenAt: new Date().toISOString(), status, diag, tasks }));
}

function leaveOut(what: string) {
  return (error: unknown): null => {
    if (!(error instanceof PiworkError)) throw error;
    process.stderr.write(`piwork: left out: ${what}: ${plain(error.message)}\n`);
    return null;
  };
}
