import { expect, TestBrowser } from "../../harness/browser/browser.ts";
import { Failed, Run, type Tally } from "../../harness/checks/checks.ts";
import { connectIfRunning } from "../../harness/runtimes/piwork.ts";
import { Album } from "../../harness/screenshots/album.ts";
import { captureAtRest, STILL } from "../../harness/screenshots/capture.ts";
import { BASELINES } from "./baselines.ts";

/** Captures the panel of the runtime that is up, with nothing covered. Says why it cannot, where it cannot. */
export async function captureRunning(name: string, accepts: boolean): Promise<Tally | string> {
  const client = await connectIfRunning(undefined);
  if (client === undefined) return "No runtime is running; start one with 'npm start'.";
  const { address } = await client.call("panel", {});
  if (address === null) return "The runtime that runs has no panel; start one without --headless.";
  await using browser = await TestBrowser.start();
  const run = new Run("screenshot", { command: `npx mise run test-screenshot ${name}` });
  const album = new Album({ baselines: BASELINES, directory: run.directory, drawnWith: browser.drawnWith, accepts });
  const id = `screenshot.${name}`;
  const checks = [
    {
      id,
      claim: `the panel of the runtime that runs, in tmp/dev/${name}.png`,
      async run() {
        const page = await browser.open(address, STILL);
        await expect(page.locator(".link")).toHaveText("connected");
        const { verdict, words } = album.add(name, { png: await captureAtRest(page), masks: [] });
        // Without anything to compare it with, it is there to be looked at.
        if (verdict !== "same" && verdict !== "accepted" && verdict !== "no baseline")
          throw new Failed(words, { verdict });
        console.log(`tmp/dev/${name}.png: ${words}`);
        return { verdict, words };
      },
    },
  ];
  run.expect(checks);
  await run.perform(checks);
  return run.finish();
}
