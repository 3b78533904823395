import { conclude, Run, type Tally } from "../../harness/checks.ts";
import { prepareMachines } from "../../harness/image.ts";
import { ordinaryUserLong, ordinaryUserShort } from "./ordinary-user.ts";

/** The runtime as an ordinary user has it: in a few steps, or with all that the README shows and the attacks. */
export async function ordinaryUser(isWhole: boolean): Promise<Tally> {
  const run = new Run("ordinary-user", {
    command: `node --import tsx suites/elsewhere/run.ts${isWhole ? "" : " short"}`,
  });
  const { checks, close } = isWhole ? ordinaryUserLong() : ordinaryUserShort();
  run.expect(checks);
  await run.perform(checks).finally(close);
  return run.finish();
}

if (import.meta.filename === process.argv[1]) {
  await prepareMachines("safe");
  conclude(await ordinaryUser(process.argv[2] !== "short"));
}
