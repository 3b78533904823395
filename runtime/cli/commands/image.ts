import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { execa } from "execa";
import { PiworkError } from "../../protocol/errors.ts";
import { type PlaceOptions, REPOSITORY } from "../../state/places.ts";

/** Only for the list of commands: `runPiwork` hands everything after `image` to the builder, which has a help of its own. */
export function addImage(program: Command): void {
  program.command("image").usage("build|info|clean [options]").description("build, look at and remove the guest image");
}

/** What the builder is to be run with, where these are the words of `piwork image`. Of the global options it needs only --cache. */
export function imageWords(program: Command, words: string[]): string[] | undefined {
  const { operands, unknown } = program.enablePositionalOptions().parseOptions(words);
  if (operands[0] !== "image") return undefined;
  const { cache } = program.opts<PlaceOptions>();
  const [subcommand, ...rest] = unknown;
  const takesCache = subcommand !== undefined && subcommand !== "help" && !subcommand.startsWith("-");
  return takesCache && cache !== undefined ? [subcommand, "--cache", cache, ...rest] : unknown;
}

/** Builds the image; the words of the build go to the terminal. */
export async function buildImage(cache: string, signal: AbortSignal): Promise<void> {
  const code = await runImage(["build", "--cache", cache], signal);
  signal.throwIfAborted();
  if (code !== 0) {
    throw new PiworkError("TASK_BOOTSTRAP_FAILED", "The guest image could not be built; the lines above say why.");
  }
}

/** Runs the image builder, a program of its own: nothing of the runtime depends on how images are made. */
export async function runImage(words: string[], cancelSignal?: AbortSignal): Promise<number> {
  const builder = join(REPOSITORY, "guest/image/main.ts");
  const tsx = pathToFileURL(createRequire(builder).resolve("tsx")).href;
  // A Ctrl-C in the terminal reaches the builder by itself; it is waited for, because it has things to put away.
  const patience = () => {};
  process.on("SIGINT", patience);
  try {
    const child = await execa(process.execPath, ["--import", tsx, builder, ...words], {
      stdio: "inherit",
      reject: false,
      ...(cancelSignal === undefined ? {} : { cancelSignal }),
    });
    return child.exitCode ?? 130;
  } finally {
    process.off("SIGINT", patience);
  }
}
