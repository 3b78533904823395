import { conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { makeSandbox, piwork } from "../harness/runtimes/piwork.ts";
import { openPanel } from "./panel/open-panel.ts";
import { Gallery } from "./tour/gallery.ts";
import { key } from "./tour/key.ts";
import { work } from "./tour/work.ts";

/** A person's first hour with the real agent, in the panel: its model is the scripted one, everything else is as for people. */
export async function tour(): Promise<Tally> {
  const run = new Run("tour", { command: "npx mise run test-tour" });
  await take(run);
  return run.finish();
}

async function take(run: Run): Promise<void> {
  using sandbox = makeSandbox(run.directory);
  await piwork([...sandbox.words, "provider", "add", "scripted"]);
  await using panel = await openPanel(sandbox, ["--agent", "pi", "--provider", "scripted"]);
  const gallery = new Gallery(run.directory);
  run.report = () => gallery.report();
  const checks = [...work(panel, gallery), ...key(panel, run.directory)];
  run.expect(checks);
  await run.keepState("before", panel.runtime.client);
  await run.perform(checks);
  await run.keepState("after", panel.runtime.client);
}

if (import.meta.filename === process.argv[1]) {
  await prepareMachines("pi");
  conclude(await tour());
}
