import { type Check, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { chooseChecks, refuseUnknown } from "../harness/checks/choose.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox, piwork } from "../harness/runtimes/piwork.ts";
import { UNOPENED_SANDBOX, unopened } from "../harness/runtimes/unopened.ts";
import { OpenPanel, openPanel } from "./panel/open-panel.ts";
import { Gallery } from "./tour/gallery.ts";
import { key } from "./tour/key.ts";
import { work } from "./tour/work.ts";

const COMMAND = "npx mise run test-tour";

function checksOf(panel: OpenPanel, gallery: Gallery, evidence: string): Check[] {
  return [...work(panel, gallery), ...key(panel, evidence)];
}

/** Its checks, as they are called; none of them can be run. */
export function tourChecks(): Check[] {
  return checksOf(new OpenPanel(UNOPENED_SANDBOX, [], unopened(), unopened(), unopened()), unopened(), "/unopened");
}

/** A person's first hour with the real agent, in the panel: its model is the scripted one, everything else is as for people. */
export async function tour(filter = ""): Promise<Tally> {
  const run = new Run("tour", { command: `${COMMAND} ${filter}`.trim(), repeat: (id) => `${COMMAND} ${id}` });
  await take(run, filter);
  return run.finish();
}

async function take(run: Run, filter: string): Promise<void> {
  using sandbox = makeSandbox(run.directory);
  await piwork([...sandbox.words, "provider", "add", "scripted"]);
  await using panel = await openPanel(sandbox, ["--agent", "pi", "--provider", "scripted"]);
  const gallery = new Gallery(run.directory);
  run.report = () => gallery.report();
  const checks = chooseChecks(checksOf(panel, gallery, run.directory), filter);
  run.expect(checks);
  await run.keepState("before", panel.runtime.client);
  await run.perform(checks);
  await run.keepState("after", panel.runtime.client);
}

if (import.meta.filename === process.argv[1]) {
  const filter = process.argv[2] ?? "";
  refuseUnknown(filter, tourChecks());
  await prepareMachines("pi");
  conclude(await tour(filter));
}
