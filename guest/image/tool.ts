import { ExecaError, execa, type Options } from "execa";
import { StepError } from "./step-error.ts";

/** Which Debian package brings a program that we run, where its name does not say so. */
const PROVIDED_BY: Record<string, string> = {
  "apt-get": "apt",
  "apt-cache": "apt",
  bwrap: "bubblewrap",
  "dpkg-deb": "dpkg",
  "mkfs.erofs": "erofs-utils",
  xz: "xz-utils",
};

const ENVIRONMENT = { LC_ALL: "C.UTF-8" };

/** A program that ran and failed. `output` is what it said, both streams. */
export class ToolFailed extends Error {
  override name = "ToolFailed";
  constructor(
    program: string,
    readonly output: string,
    options: ErrorOptions,
  ) {
    // The end of what a program said is where its reason stands.
    super(`${program} failed: ${output.trim().split("\n").slice(-4).join("; ") || "it said nothing"}`, options);
  }
}

/** Runs one of the host's programs to its end, without a shell, and returns what it printed. */
export async function tool(
  program: string,
  args: readonly string[],
  { signal, ...options }: { signal: AbortSignal; cwd?: string; env?: NodeJS.ProcessEnv; extendEnv?: boolean },
): Promise<{ stdout: string; stderr: string }> {
  const { stdout, stderr } = await run(program, args, toolOptions(signal, options));
  return { stdout: stdout as string, stderr: stderr as string };
}

/** The same, for a program that reads `input` and writes bytes. */
export async function output(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
  input?: Buffer,
): Promise<Buffer> {
  const options = toolOptions(signal, { encoding: "buffer", maxBuffer: 512 * 1024 * 1024 });
  const { stdout } = await run(program, args, input ? { ...options, stdin: "pipe", input } : options);
  return Buffer.from(stdout as Uint8Array);
}

const run = (program: string, args: readonly string[], options: Options) =>
  execa(program, args, options).catch((error: unknown) => {
    throw toolFailed(error);
  });

/** Options for everything we start: fixed language, nothing to read, ended with us. */
export function toolOptions(signal: AbortSignal, options: Options = {}): Options {
  return { stdin: "ignore", cancelSignal: signal, ...options, env: { ...ENVIRONMENT, ...options.env } };
}

/** What to throw for a program that execa could not start or that failed. */
export function toolFailed(error: unknown): Error {
  if (!(error instanceof ExecaError)) return error as Error;
  const program = error.command.split(" ")[0] ?? "";
  if (error.code === "ENOENT")
    return new StepError(
      `${program} is not installed`,
      `Install it: sudo apt-get install ${PROVIDED_BY[program] ?? program}`,
    );
  return new ToolFailed(program, `${error.stderr ?? ""}\n${error.stdout ?? ""}`, { cause: error });
}
