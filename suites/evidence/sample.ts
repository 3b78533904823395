import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { type Check, Run } from "../../harness/checks/checks.ts";
import { naivePreview } from "../../harness/controls/naive-files.ts";
import { CANARY } from "../../harness/evidence/canary.ts";
import { makeSandbox, RunningRuntime } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";
import type { Screenshots } from "../../runtime/api/screenshots.ts";
import { previewFile } from "../../runtime/workspace/listing.ts";

/** Pixels that differ between the two pictures of the sample. */
const DIFFERING = 3;

/** What becomes of a sample is told by the checks that look at it. */
const QUIET = () => {};

/** A bundle of a run that has failed, and says so. */
export async function makeFailedSample(runs: string): Promise<string> {
  const run = new Run("failed-sample", { command: "npx mise run test-evidence", runs, say: QUIET });
  const checks: Check[] = [
    { id: "sample.good", claim: "it is so", run: () => {} },
    {
      id: "sample.bad",
      claim: "it is so",
      run() {
        throw new Error("it is not");
      },
    },
  ];
  run.expect(checks);
  await run.perform(checks);
  run.finish();
  return run.directory;
}

/** What the runtime of a sample was seen to have, while it ran. */
export interface Sample {
  directory: string;
  /** its environment, as the kernel has it */
  environment: string;
  /** what its control API said of itself, past everything that redacts */
  status: string;
}

/** A small bundle of a real runtime, in which a key goes wherever a person could put one. */
export async function makeSample(runs: string): Promise<Sample> {
  const run = new Run("sample", { command: "npx mise run test-evidence", runs, say: QUIET });
  const seen = await fill(run);
  takePictures(run.directory);
  run.finish();
  return { directory: run.directory, ...seen };
}

async function fill(run: Run): Promise<Omit<Sample, "directory">> {
  using sandbox = makeSandbox(run.directory);
  await using runtime = await RunningRuntime.start(sandbox);
  const { client } = runtime;
  const talk = new Talk(() => client);
  const checks: Check[] = [
    {
      id: "sample.echo",
      claim: "a task answers",
      async run() {
        const { id } = await client.call("task_create", { title: `Key ${CANARY}`, folder: null });
        const said = await talk.prompt(`my key is ${CANARY}`, id);
        return { said };
      },
    },
    attackLink(sandbox.workspace),
    {
      id: "sample.dead",
      claim: "a caller who names a file that is not there: nothing comes of it",
      attack: { tried: "asked: no-such-file", oracle: "token", dead: "there is nothing to be had, whoever asks" },
      run: async () => ({ target: { through: false, seen: "nothing" }, control: { through: false, seen: "nothing" } }),
    },
  ];
  run.expect(checks);
  await run.keepState("before", client);
  await run.perform(checks);
  await run.keepState("after", client);
  const environment = readFileSync(`/proc/${runtime.process.pid}/environ`, "utf8");
  return { environment, status: JSON.stringify(await client.call("status", {})) };
}

/** A preview through a link, which needs no machine to be tried. */
function attackLink(workspace: string): Check {
  return {
    id: "sample.link",
    claim: "a caller who previews a link that leads out: nothing comes of it",
    attack: {
      oracle: "token",
      tried: "ln -s ../secret link; asked: preview link; on the control, of the twin 'joined'",
    },
    async run() {
      mkdirSync(join(workspace, "own"));
      writeFileSync(join(workspace, "secret"), "the secret");
      symlinkSync("../secret", join(workspace, "own/link"));
      const real = ask(() =>
        Buffer.from(previewFile({ root: workspace, parts: ["own"] }, "link").content, "base64").toString(),
      );
      const naive = await naivePreview(join(workspace, "own/link"), new AbortController().signal);
      return { target: sightOf(real), control: sightOf(naive) };
    },
  };
}

function ask(question: () => string): string {
  try {
    return question();
  } catch (error) {
    return String(error);
  }
}

function sightOf(answer: string) {
  return { through: answer.includes("the secret"), seen: answer };
}

/** A picture, its baseline, and where they differ. */
function takePictures(directory: string): void {
  const paint = (red: number): Buffer => {
    const picture = new PNG({ width: 40, height: 20 });
    picture.data.fill(255);
    for (let pixel = 0; pixel < red; pixel++) picture.data.set([255, 0, 0, 255], 4 * (41 * 5 + pixel * 85));
    return PNG.sync.write(picture);
  };
  const files = { "scene.png": paint(DIFFERING), "scene.baseline.png": paint(0), "scene.diff.png": paint(DIFFERING) };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  const shots: Screenshots = {
    schema: 1,
    browser: "none: these were painted",
    fonts: [],
    screenshots: [
      {
        scene: "painted",
        capture: "scene.png",
        baseline: "scene.baseline.png",
        difference: "scene.diff.png",
        width: 40,
        height: 20,
        verdict: "different",
        differing: DIFFERING,
        threshold: 0.01,
        masks: [],
      },
    ],
  };
  writeFileSync(join(directory, "screenshots.json"), `${JSON.stringify(shots)}\n`);
}
