import { conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox, RunningRuntime } from "../harness/runtimes/piwork.ts";
import { asking } from "./agent/asking.ts";
import { working } from "./agent/working.ts";

/** The real agent, driven by the scripted model: what people will run, with its own tools. */
export async function agent(): Promise<Tally> {
  const run = new Run("agent", { command: "npx mise run test-agent" });
  await use(run);
  return run.finish();
}

async function use(run: Run): Promise<void> {
  using sandbox = makeSandbox(run.directory);
  await using runtime = await RunningRuntime.start(sandbox, { words: ["--agent", "pi", "--pool", "0"] });
  const checks = [working, asking].flatMap((part) => part(sandbox, () => runtime));
  run.expect(checks);
  await run.keepState("before", runtime.client);
  await run.perform(checks);
  await run.keepState("after", runtime.client);
}

if (import.meta.filename === process.argv[1]) {
  await prepareMachines("pi");
  conclude(await agent());
}
