import { conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox } from "../harness/runtimes/piwork.ts";
import { access } from "./panel/access.ts";
import { conversations } from "./panel/conversations.ts";
import { files } from "./panel/files.ts";
import { firstUse } from "./panel/first-use.ts";
import { hostileText } from "./panel/hostile-text.ts";
import { looks } from "./panel/looks.ts";
import { openPanel } from "./panel/open-panel.ts";
import { survival } from "./panel/survival.ts";

/** What `npm test` has no time for. */
const SLOW: ReadonlySet<string> = new Set(["panel.long-answer", "panel.accessible-light"]);

/** The panel as a person uses it: a real browser, a real runtime, and looks at what came of it. */
export async function panel(isWhole: boolean): Promise<Tally> {
  const run = new Run("panel", { command: "npx mise run test-panel" });
  await usePanel(run, isWhole);
  return run.finish();
}

async function usePanel(run: Run, isWhole: boolean): Promise<void> {
  using sandbox = makeSandbox(run.directory);
  await using panel = await openPanel(sandbox);
  const all = [access, firstUse, conversations, files, hostileText, looks, survival].flatMap((part) => part(panel));
  const checks = all.filter(({ id }) => isWhole || !SLOW.has(id));
  run.expect(checks);
  await run.keepState("before", panel.runtime.client);
  await run.perform(checks);
  await run.keepState("after", panel.runtime.client);
}

if (import.meta.filename === process.argv[1]) {
  await prepareMachines("safe");
  conclude(await panel(true));
}
