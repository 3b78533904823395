import { BUNDLES, type Check, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { chooseChecks, refuseUnknown } from "../harness/checks/choose.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox } from "../harness/runtimes/piwork.ts";
import { unopened } from "../harness/runtimes/unopened.ts";
import { believed } from "./evidence/believed.ts";
import { refusals, type Samples } from "./evidence/refusals.ts";
import { reports } from "./evidence/report.ts";
import { makeFailedSample, makeSample, type Sample } from "./evidence/sample.ts";
import { secrets } from "./evidence/secrets.ts";

const COMMAND = "npx mise run test-evidence";

function checksOf(samples: Samples, sample: Sample): Check[] {
  return [...believed(samples), ...refusals(samples), ...secrets(samples, sample), ...reports(samples.runs)];
}

/** Its checks, as they are called; none of them can be run. */
export const evidenceChecks = (): Check[] => checksOf(unopened(), unopened());

/** Whether evidence can be believed: what nobody has altered is accepted, and every alteration is refused for what it is. */
export async function evidence(filter = ""): Promise<Tally> {
  const before = [...BUNDLES];
  const run = new Run("evidence", { command: `${COMMAND} ${filter}`.trim(), repeat: (id) => `${COMMAND} ${id}` });
  await doubt(run, before, filter);
  return run.finish();
}

async function doubt(run: Run, bundles: readonly string[], filter: string): Promise<void> {
  using sandbox = makeSandbox(run.directory);
  const runs = sandbox.directory;
  const sample = await makeSample(runs);
  const samples: Samples = { runs, sample: sample.directory, failed: await makeFailedSample(runs), bundles };
  const checks = chooseChecks(checksOf(samples, sample), filter);
  run.expect(checks);
  await run.perform(checks);
}

if (import.meta.filename === process.argv[1]) {
  const filter = process.argv[2] ?? "";
  refuseUnknown(filter, evidenceChecks());
  await prepareMachines("safe");
  conclude(await evidence(filter));
}
