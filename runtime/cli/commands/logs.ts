import { createReadStream, existsSync, statSync } from "node:fs";
import { watch } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Command, Option } from "commander";
import { PiworkError } from "../../protocol/errors.ts";
import { findPlaces, type PlaceOptions } from "../../state/places.ts";
import { print } from "../attach.ts";

export function addLogs(program: Command): void {
  program
    .command("logs")
    .description("the log of the current runtime, or of the last one")
    .option("-f, --follow", "go on with what is written from now on, until Ctrl-C")
    .addOption(
      new Option("--which <LOG>", "piwork: the runtime's own; qemu: the machine's console")
        .choices(["piwork", "qemu"])
        .default("piwork"),
    )
    .action(async (options: { follow?: boolean; which: string }, command: Command) => {
      const { logs } = findPlaces(command.optsWithGlobals<PlaceOptions>());
      const path = join(logs, `${options.which}.log`);
      if (!existsSync(path)) throw new PiworkError("TASK_NOT_READY", `${path} does not exist: no runtime has run yet.`);
      const end = await pour(path, 0);
      if (options.follow) await follow(path, end);
    });
}

/** Prints a file from `start` to where it ends now, and says where that is. */
async function pour(path: string, start: number): Promise<number> {
  const { size } = statSync(path);
  if (size <= start) return start;
  for await (const chunk of createReadStream(path, { start, end: size - 1 })) process.stdout.write(chunk as Buffer);
  return size;
}

async function follow(path: string, from: number): Promise<void> {
  let { ino } = statSync(path);
  let end = from;
  // The directory is watched, not the file: a new runtime begins a new file.
  for await (const { filename } of watch(dirname(path))) {
    if (filename !== basename(path) || !existsSync(path)) continue;
    const now = statSync(path);
    if (now.ino !== ino) {
      print(`--- a new ${basename(path)} ---`);
      ino = now.ino;
      end = 0;
    }
    end = await pour(path, end);
  }
}
