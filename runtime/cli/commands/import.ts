import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { PiworkError } from "../../protocol/errors.ts";
import { attach, plain, print, sayWaiting } from "../attach.ts";

export function addImport(program: Command): void {
  program
    .command("import FILE...")
    .description("copy files into a task's uploads, where it reads them at /uploads and cannot change them")
    .option("--task <ID>", "the task (default: the active one)")
    .option("--name <NAME>", "what it is called there; for one FILE")
    .action(async (files: string[], options: { task?: string; name?: string }, command: Command) => {
      if (options.name !== undefined && files.length > 1)
        throw new PiworkError("INVALID_REQUEST", "--name is for one FILE.");
      const client = await attach(command);
      using _waiting = sayWaiting(client, "copying");
      const { id } = await client.call("task_show", { task: options.task });
      for (const file of files) {
        const { name, bytes } = await client.upload(id, options.name ?? basename(file), open(file));
        print(`/uploads/${plain(name)}  ${bytes} bytes`);
      }
    });
}

function open(file: string) {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile()) return createReadStream(file);
  throw new PiworkError("INVALID_REQUEST", `'${plain(file)}' is not a file; only files are imported, one by one.`);
}
