import { Command, CommanderError } from "commander";
import { PiworkError } from "../protocol/errors.ts";
import { VERSION } from "../state/version.ts";
import { complain } from "./attach.ts";
import { addAnswer } from "./commands/answer.ts";
import { addDecisions } from "./commands/decisions.ts";
import { addDiag } from "./commands/diag.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addDumpState } from "./commands/dump-state.ts";
import { addExec } from "./commands/exec.ts";
import { addFiles } from "./commands/files.ts";
import { addImage, imageWords, runImage } from "./commands/image.ts";
import { addImport } from "./commands/import.ts";
import { addLogs } from "./commands/logs.ts";
import { addNetwork } from "./commands/network.ts";
import { addPrompt } from "./commands/prompt.ts";
import { addProvider } from "./commands/provider.ts";
import { addStatus } from "./commands/status.ts";
import { addTask } from "./commands/task.ts";
import { addTemplate } from "./commands/template.ts";
import { addUp } from "./commands/up.ts";
import { addVerify } from "./commands/verify.ts";
import { INTERRUPTED, Interrupted } from "./interrupt.ts";

/** As a shell reports a program that SIGPIPE ended. */
const READER_GONE = 141;

/** The `piwork` command: exit code 0 worked, 1 failed, 2 wrong usage, 130 Ctrl-C. */
export async function runPiwork(words: string[]): Promise<void> {
  // Whoever reads us may have enough, as `head` does: that ends us as it ends any program, without a complaint.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(READER_GONE);
  });
  try {
    const forBuilder = words.includes("image") ? imageWords(buildProgram(), words) : undefined;
    if (forBuilder !== undefined) process.exitCode = await runImage(forBuilder);
    else await buildProgram().parseAsync(words, { from: "user" });
  } catch (error) {
    process.exitCode = exitCodeFor(error);
  }
}

export function buildProgram(): Command {
  const program = new Command("piwork")
    .description("Gives an AI agent a task and a folder inside a virtual machine.")
    .version(VERSION)
    .option("--state <DIR>", "where task records and sessions are kept (default: $XDG_STATE_HOME/piwork)")
    .option("--cache <DIR>", "where images are kept (default: $XDG_CACHE_HOME/piwork)")
    .option("--logs <DIR>", "where piwork.log and qemu.log are (default: tmp/dev of the repository)")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .showHelpAfterError("(add --help for what there is)");
  for (const add of [
    addUp,
    addStatus,
    addTask,
    addPrompt,
    addAnswer,
    addDecisions,
    addImport,
    addNetwork,
    addProvider,
    addFiles,
    addExec,
    addLogs,
    addDiag,
    addDumpState,
    addVerify,
    addDoctor,
    addImage,
    addTemplate,
  ])
    add(program);
  return program;
}

function exitCodeFor(error: unknown): number {
  // Help and version "fail" with code 0; every other complaint of the parser is about usage, and it has been printed.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  complain(error);
  if (error instanceof Interrupted) return INTERRUPTED;
  return error instanceof PiworkError && error.code === "INVALID_REQUEST" ? 2 : 1;
}
