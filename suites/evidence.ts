import { BUNDLES, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox } from "../harness/runtimes/piwork.ts";
import { believed } from "./evidence/believed.ts";
import { refusals, type Samples } from "./evidence/refusals.ts";
import { reports } from "./evidence/report.ts";
import { makeFailedSample, makeSample } from "./evidence/sample.ts";
import { secrets } from "./evidence/secrets.ts";

/** Whether evidence can be believed: what nobody has altered is accepted, and every alteration is refused for what it is. */
export async function evidence(): Promise<Tally> {
  const before = [...BUNDLES];
  const run = new Run("evidence", { command: "npx mise run test-evidence" });
  await doubt(run, before);
  return run.finish();
}

async function doubt(run: Run, bundles: readonly string[]): Promise<void> {
  using sandbox = makeSandbox(run.directory);
  const runs = sandbox.directory;
  const sample = await makeSample(runs);
  const samples: Samples = { runs, sample: sample.directory, failed: await makeFailedSample(runs), bundles };
  const checks = [...believed(samples), ...refusals(samples), ...secrets(samples, sample), ...reports(runs)];
  run.expect(checks);
  await run.perform(checks);
}

if (import.meta.filename === process.argv[1]) {
  await prepareMachines("safe");
  conclude(await evidence());
}
