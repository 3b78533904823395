import { conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox } from "../harness/runtimes/piwork.ts";
import { fuzzBridge } from "./fuzz/bridge.ts";
import { manyTasks } from "./fuzz/many-tasks.ts";
import { fuzzTaskd } from "./fuzz/taskd.ts";

/** Mutated lines sent to each side. */
const ITERATIONS = 1_500;

/** Both ends of the wire, spoken to by somebody who does not keep to the protocol. */
export async function fuzz(iterations = ITERATIONS, seed = Date.now() % 1_000_000): Promise<Tally> {
  console.log(`seed ${seed}, ${iterations} lines to each side; repeat with: mise run test-fuzz ${iterations} ${seed}`);
  const run = new Run("fuzz", { command: `npx mise run test-fuzz ${iterations} ${seed}` });
  using sandbox = makeSandbox(run.directory);
  const checks = [fuzzTaskd(sandbox, iterations, seed), fuzzBridge(sandbox, iterations, seed), manyTasks(sandbox)];
  run.expect(checks);
  await run.perform(checks);
  return run.finish();
}

/** `fuzz.ts [LINES [SEED]]` */
if (import.meta.filename === process.argv[1]) {
  const [iterations, seed] = process.argv.slice(2).map(Number);
  await prepareMachines("safe");
  conclude(await fuzz(iterations, seed));
}
