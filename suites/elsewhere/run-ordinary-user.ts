import { Run, type Tally } from "../../harness/checks/checks.ts";
import { prepareMachines } from "../../harness/machines/prepare.ts";
import { ordinaryUserLong, ordinaryUserShort } from "./ordinary-user.ts";

/** The runtime as an ordinary user has it: in a few steps, or with all that the README shows and the attacks. */
export async function ordinaryUser(isWhole: boolean): Promise<Tally> {
  await prepareMachines("safe");
  const run = new Run("ordinary-user", {
    command: `npx mise run test-elsewhere ordinary-user${isWhole ? "" : " --quick"}`,
  });
  const { checks, close } = isWhole ? ordinaryUserLong() : ordinaryUserShort();
  run.expect(checks);
  await run.perform(checks).finally(close);
  return run.finish();
}
