import { randomBytes } from "node:crypto";
import { conclude, Run, type Tally } from "../harness/checks.ts";
import { makeSandbox, RunningRuntime } from "../harness/piwork.ts";
import { firstPrompt } from "./lifecycle/first-prompt.ts";
import { machineRefusals } from "./lifecycle/machine-refusals.ts";
import { runtimeProcess } from "./lifecycle/runtime-process.ts";

/** Starts, uses and ends real machines and runtimes, and looks at the world after each step. */
export async function lifecycle(): Promise<Tally> {
  const run = new Run("lifecycle");
  using sandbox = makeSandbox(run.directory);
  // While they run, every QEMU below this process is one of theirs.
  const refusals = machineRefusals(sandbox);
  await run.perform(refusals);

  const current: { runtime: RunningRuntime } = { runtime: await RunningRuntime.start(sandbox) };
  try {
    const uses = firstPrompt(sandbox, () => current.runtime);
    const ends = runtimeProcess(sandbox, current, randomBytes(16).toString("hex"));
    await run.perform([...uses, ...ends]);
    return run.finish([...refusals, ...uses, ...ends].map(({ id }) => id));
  } finally {
    await current.runtime[Symbol.asyncDispose]();
  }
}

if (import.meta.filename === process.argv[1]) conclude(await lifecycle());
