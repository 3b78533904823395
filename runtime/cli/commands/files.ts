import { type Command, Option } from "commander";
import { type Area, area, type Entry } from "../../api/files.ts";
import { attach, plain, print, printJson } from "../attach.ts";
import { table } from "../table.ts";

interface FileOptions {
  task?: string;
  area: Area;
}

export function addFiles(program: Command): void {
  program
    .command("files [PATH]")
    .description("list what a task has, at PATH below its folder; links are shown, never followed")
    .option("--task <ID>", "the task (default: the active one)")
    .addOption(areaOption())
    .option("--json", "print the list for programs")
    .action(async (path = "", { task, area, json }: FileOptions & { json?: boolean }, command: Command) => {
      const listing = await (await attach(command)).call("task_files", { task, area, path: trimmed(path) });
      if (json) return printJson(listing);
      print(listing.entries.length === 0 ? "nothing is there" : table(listing.entries.map(row)));
      if (listing.truncated)
        process.stderr.write(`piwork: only ${listing.entries.length} names are listed; there are more\n`);
    });

  program
    .command("preview PATH")
    .description("the beginning of a file of a task: its bytes, or on a terminal with control characters made visible")
    .option("--task <ID>", "the task (default: the active one)")
    .addOption(areaOption())
    .action(async (path: string, { task, area }: FileOptions, command: Command) => {
      const { bytes, truncated, content } = await (await attach(command)).call("task_preview", { task, area, path });
      const shown = Buffer.from(content, "base64");
      process.stdout.write(process.stdout.isTTY ? plain(shown.toString("utf8")) : shown);
      if (truncated) process.stderr.write(`piwork: the first ${shown.length} of ${bytes} bytes\n`);
    });
}

function areaOption(): Option {
  return new Option("--area <AREA>", "where: its folder (or, without one, its outputs), its outputs, or its uploads")
    .choices(area.options)
    .default("folder");
}

function trimmed(path: string): string {
  return path === "." ? "" : path.replace(/\/+$/, "");
}

function row({ name, type, bytes, modifiedAt, mode, target }: Entry): string[] {
  const shown = type === "directory" ? `${name}/` : target === undefined ? name : `${name} → ${target}`;
  // A name may have a line break in it.
  return [
    type,
    mode,
    String(bytes),
    modifiedAt.slice(0, 19),
    plain(shown).replace(/[\n\t]/g, (space) => (space === "\n" ? "\\n" : "\\t")),
  ];
}
