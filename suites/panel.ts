import { type Check, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { meantBy, refuseUnknown, withForerunners } from "../harness/checks/choose.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox } from "../harness/runtimes/piwork.ts";
import { UNOPENED_SANDBOX, unopened } from "../harness/runtimes/unopened.ts";
import { access } from "./panel/access.ts";
import { conversations } from "./panel/conversations.ts";
import { files } from "./panel/files.ts";
import { firstUse } from "./panel/first-use.ts";
import { hostileText } from "./panel/hostile-text.ts";
import { looks } from "./panel/looks.ts";
import { OpenPanel, openPanel } from "./panel/open-panel.ts";
import { policy } from "./panel/policy.ts";
import { survival } from "./panel/survival.ts";

/** What `npm test` has no time for. */
export const SLOW: ReadonlySet<string> = new Set([
  "panel.long-answer",
  "panel.accessible-light",
  "panel.kept-by-browser",
]);

const COMMAND = "npx mise run test-panel";

function checksOf(panel: OpenPanel): Check[] {
  return [access, policy, firstUse, conversations, files, hostileText, looks, survival].flatMap((part) => part(panel));
}

/** Its checks, as they are called; none of them can be run. */
export function panelChecks(): Check[] {
  return checksOf(new OpenPanel(UNOPENED_SANDBOX, [], unopened(), unopened(), unopened()));
}

/** The panel as a person uses it: a real browser, a real runtime, and looks at what came of it. */
export async function panel(isWhole: boolean, filter = ""): Promise<Tally> {
  const run = new Run("panel", { command: `${COMMAND} ${filter}`.trim(), repeat: (id) => `${COMMAND} ${id}` });
  await usePanel(run, isWhole, filter);
  return run.finish();
}

async function usePanel(run: Run, isWhole: boolean, filter: string): Promise<void> {
  using sandbox = makeSandbox(run.directory);
  await using panel = await openPanel(sandbox);
  const all = checksOf(panel);
  const ids = all.map(({ id }) => id);
  const isMeant = meantBy(filter, ids);
  const checks = withForerunners(all, (id) => isMeant(id) && (isWhole || !SLOW.has(id)));
  run.expect(checks);
  await run.keepState("before", panel.runtime.client);
  await run.perform(checks);
  await run.keepState("after", panel.runtime.client);
}

if (import.meta.filename === process.argv[1]) {
  const filter = process.argv[2] ?? "";
  refuseUnknown(filter, panelChecks());
  await prepareMachines("safe");
  conclude(await panel(true, filter));
}
