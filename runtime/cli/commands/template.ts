import { basename } from "node:path";
import { type Command, Option } from "commander";
import { haveTemplate } from "../../fleet/have-template.ts";
import { type FoundTemplate, listTemplates, removeTemplates, templateKey } from "../../machine/template.ts";
import { type AgentKind, agentKind } from "../../protocol/kinds.ts";
import { findImage } from "../../state/image.ts";
import { findPlaces, type PlaceOptions, REPOSITORY } from "../../state/places.ts";
import { filesPath } from "../../workspace/paths.ts";
import { print, printJson } from "../attach.ts";
import { buildImage } from "./image.ts";

interface Options extends PlaceOptions {
  json?: true;
  agent?: AgentKind;
}

/** What shells expect of a program that a signal ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export function addTemplate(program: Command): void {
  const template = program
    .command("template")
    .description("make, look at and remove the saved machines that others are cloned from");
  const command = (name: string, description: string, action: (options: Options) => Promise<void> | void) =>
    template
      .command(name)
      .description(description)
      .option("--json", "print data for programs")
      .action((_: Options, self: Command) => action(self.optsWithGlobals<Options>()));
  command("build", "saves a machine of this version, unless there is one", build).addOption(
    new Option("--agent <WHICH>", "what waits in it for a task").choices(agentKind.options).default("probe"),
  );
  command("info", "shows which there are, and which of them this checkout clones", info);
  command("clean", "removes all of them; what was cloned goes on, and the next 'piwork up' makes another", clean);
}

async function build(options: Options): Promise<void> {
  const places = findPlaces(options);
  const ending = new AbortController();
  let endedBy: keyof typeof EXIT_CODES | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      // Whoever presses Ctrl-C again means it: the machine dies with this process.
      if (endedBy !== undefined) process.exit(EXIT_CODES[signal]);
      endedBy = signal;
      ending.abort(new Error(`stopped by ${signal}`));
    });
  const started = performance.now();
  try {
    const { directory, manifest, isNew } = await haveTemplate({
      places,
      acceleration: "auto",
      agent: options.agent ?? "probe",
      unsafe: false,
      buildImage: (signal) => buildImage(places.cache, signal),
      step: (words) => process.stderr.write(`piwork template: ${words}\n`),
      signal: ending.signal,
    });
    const seconds = Math.round(performance.now() - started) / 1000;
    if (options.json) printJson({ directory, isNew, seconds, manifest });
    else
      print(`${isNew ? `Saved in ${seconds.toFixed(1)} s` : "Nothing to make, the template is there"}: ${directory}`);
  } catch (error) {
    if (endedBy === undefined) throw error;
    process.exitCode = EXIT_CODES[endedBy];
  }
}

function info(options: Options): void {
  const { cache } = findPlaces(options);
  const found = listTemplates(cache).map((template) => ({ ...template, clonedBy: usersOf(cache, template) }));
  if (options.json) return printJson({ cache, templates: found });
  print(`Cache      ${cache}`);
  print(`Templates  ${found.length}`);
  for (const one of found) print(describe(one).join("\n"));
  if (!found.some(({ clonedBy }) => clonedBy.includes("runtime")))
    print("None is of this checkout. Make one: piwork template build");
}

/** What of this checkout would clone a template: its runtime, or its suites, which have machines to attack. */
function usersOf(cache: string, { manifest }: FoundTemplate): string[] {
  const image = findImage(cache, REPOSITORY);
  if (image === undefined || manifest === null) return [];
  const { accelerator, agent, key } = manifest;
  const isOf = (unsafe: boolean) => templateKey({ image, accelerator, agent, unsafe, files: filesPath }) === key;
  return [...(isOf(false) ? ["runtime"] : []), ...(isOf(true) ? ["suites"] : [])];
}

function describe({ directory, bytes, usedAt, manifest, clonedBy }: FoundTemplate & { clonedBy: string[] }): string[] {
  const users = clonedBy.length === 0 ? "" : `  (this checkout's ${clonedBy.join(", ")})`;
  const title = `  ${basename(directory)}  ${megabytes(bytes)}${users}`;
  if (manifest === null) return [title, "    not whole, or of another version of the runtime"];
  const { agent, accelerator, createdAt, buildMs, memory, state } = manifest;
  return [
    title,
    `    an agent '${agent}' under ${accelerator}, saved at ${createdAt} in ${(buildMs / 1000).toFixed(1)} s, used last at ${usedAt.toISOString()}`,
    `    memory ${megabytes(memory.bytes)} crc32 ${memory.crc32.toString(16).padStart(8, "0")}, state ${megabytes(state.bytes)} sha256 ${state.sha256}`,
  ];
}

function clean(options: Options): void {
  const { cache } = findPlaces(options);
  const removed = removeTemplates(cache).map(({ directory, bytes }) => ({ directory, bytes }));
  if (options.json) return printJson({ removed });
  for (const { directory, bytes } of removed) print(`Removed ${directory} (${megabytes(bytes)})`);
  if (removed.length === 0) print("Nothing to remove.");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
