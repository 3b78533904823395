import { randomBytes } from "node:crypto";
import { type Check, conclude, Run, type Tally } from "../harness/checks.ts";
import { makeSandbox, RunningRuntime } from "../harness/piwork.ts";
import { firstPrompt } from "./lifecycle/first-prompt.ts";
import { runtimeProcess } from "./lifecycle/runtime-process.ts";

/** Starts, uses and ends real runtimes, and looks at the world after each step. */
export async function lifecycle(): Promise<Tally> {
  const run = new Run("lifecycle");
  using sandbox = makeSandbox(run.directory);
  const current: { runtime: RunningRuntime } = { runtime: await RunningRuntime.start(sandbox) };
  try {
    const checks: Check[] = [
      ...firstPrompt(sandbox, () => current.runtime),
      ...runtimeProcess(sandbox, current, randomBytes(16).toString("hex")),
    ];
    await run.perform(checks);
    return run.finish(checks.map(({ id }) => id));
  } finally {
    await current.runtime[Symbol.asyncDispose]();
  }
}

if (import.meta.filename === process.argv[1]) conclude(await lifecycle());
