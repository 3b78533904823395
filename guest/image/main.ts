import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { packageName } from "../../runtime/state/image.ts";
import { findPlaces } from "../../runtime/state/places.ts";
import { buildImage } from "./build.ts";
import { cleanImages } from "./clean.ts";
import { megabytes } from "./disk-use.ts";
import { readManifest } from "./from-manifest.ts";
import { describeInfo, imageInfo } from "./info.ts";
import { places } from "./places.ts";
import { BuildProgress } from "./progress.ts";
import { StepError } from "./step-error.ts";

interface Options {
  cache: string;
  json?: true;
}

const stopping = new AbortController();
let stoppedBy: "SIGINT" | "SIGTERM" | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    // Whoever presses Ctrl-C again means it; the next build removes what is left.
    if (stoppedBy !== undefined) process.exit(exitCodeOf(undefined));
    stoppedBy = signal;
    stopping.abort(new Error(`stopped by ${signal}`));
  });

const program = new Command("piwork image")
  .description("The image that machines boot: kernel, initramfs and root.")
  .exitOverride();

const command = (name: string, description: string) =>
  program
    .command(name)
    .description(description)
    .exitOverride()
    .option("--cache <dir>", "where images and downloads are kept", findPlaces().cache)
    .option("--json", "print data for programs");

command("build", "Builds the image of this checkout, unless it is there.")
  .option("--packages <names>", "Debian packages beyond guest/packages.txt, separated by commas", packageNames)
  .addOption(
    new Option("--from <manifest>", "build exactly the image of this manifest.json, or refuse").conflicts("packages"),
  )
  .option("--unsigned", "with --from: also take kept packages that Debian's signed lists do not name")
  .action(async (options: Options & { packages?: string[]; from?: string; unsigned?: true }) => {
    const started = performance.now();
    const prepared = prepare(options);
    const { from: file, unsigned = false } = options;
    if (unsigned && file === undefined) program.error("error: option '--unsigned' needs '--from <manifest>'");
    const from =
      file === undefined ? undefined : await prepared.progress.step("read the manifest", () => readManifest(file));
    const extraPackages = from?.extraPackages ?? options.packages ?? [];
    const result = await buildImage({ ...prepared, from, unsigned, extraPackages });
    const seconds = Math.round(performance.now() - started) / 1000;
    const summary = result.cached ? "Nothing to build, the image is there" : `Built in ${seconds.toFixed(1)} s`;
    print(options, { ...result, seconds }, `${summary}: ${result.dir}`);
  });

command("info", "Shows the images that are there, and which one this checkout boots.")
  .option("--packages", "list each package with its version and sha256")
  .action(async (options: Options & { packages?: true }) => {
    const info = await imageInfo(places(options.cache));
    print(options, info, describeInfo(info, options.packages));
  });

command("clean", "Removes all images, and what was downloaded to build them.")
  .option("--old", "remove only images that this checkout does not boot")
  .action(async (options: Options & { old?: true }) => {
    const { places, progress, signal } = prepare(options);
    const removed = await cleanImages(places, options.old === true, progress, signal);
    const bytes = removed.reduce((sum, { bytes }) => sum + bytes, 0);
    const lines = removed.map(({ path, bytes }) => `Removed ${path} (${megabytes(bytes)})`);
    lines.push(bytes > 0 ? `${megabytes(bytes)} freed.` : "Nothing to remove.");
    print(options, { removed, bytes }, lines.join("\n"));
  });

function prepare(options: Options) {
  const { signal } = stopping;
  const where = places(options.cache);
  return { places: where, progress: new BuildProgress(process.stderr, where.cache, signal), signal };
}

const print = ({ json }: Options, data: unknown, text: string) =>
  process.stdout.write(`${json ? JSON.stringify(data, null, 2) : text}\n`);

function packageNames(value: string, earlier: string[] = []): string[] {
  const names = value.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !packageName.safeParse(name).success);
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is not the name of a Debian package.`);
  return [...earlier, ...names];
}

/** 0 worked, 1 failed, 2 wrong usage, and what shells expect of a program that was stopped. */
function exitCodeOf(error: unknown): number {
  if (stoppedBy !== undefined) return stoppedBy === "SIGINT" ? 130 : 143;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof StepError)) throw error;
  console.error(`piwork image: could not ${error.step}: ${error.message}\n${error.advice}`);
  return 1;
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
