import { type Check, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { chooseChecks, refuseUnknown } from "../harness/checks/choose.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox, RunningRuntime, type Sandbox } from "../harness/runtimes/piwork.ts";
import { UNOPENED_SANDBOX, unopened } from "../harness/runtimes/unopened.ts";
import { asking } from "./agent/asking.ts";
import { working } from "./agent/working.ts";

const COMMAND = "npx mise run test-agent";

function checksOf(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  return [working, asking].flatMap((part) => part(sandbox, runtime));
}

/** Its checks, as they are called; none of them can be run. */
export const agentChecks = (): Check[] => checksOf(UNOPENED_SANDBOX, unopened);

/** The real agent, driven by the scripted model: what people will run, with its own tools. */
export async function agent(filter = ""): Promise<Tally> {
  const run = new Run("agent", { command: `${COMMAND} ${filter}`.trim(), repeat: (id) => `${COMMAND} ${id}` });
  await use(run, filter);
  return run.finish();
}

async function use(run: Run, filter: string): Promise<void> {
  using sandbox = makeSandbox(run.directory);
  await using runtime = await RunningRuntime.start(sandbox, { words: ["--agent", "pi", "--pool", "0"] });
  const all = checksOf(sandbox, () => runtime);
  const checks = chooseChecks(all, filter);
  run.expect(checks);
  await run.keepState("before", runtime.client);
  await run.perform(checks);
  await run.keepState("after", runtime.client);
}

if (import.meta.filename === process.argv[1]) {
  const filter = process.argv[2] ?? "";
  refuseUnknown(filter, agentChecks());
  await prepareMachines("pi");
  conclude(await agent(filter));
}
