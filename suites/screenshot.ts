import { parseArgs } from "node:util";
import { type Check, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { chooseChecks, refuseUnknown } from "../harness/checks/choose.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { unopened } from "../harness/runtimes/unopened.ts";
import { Album } from "../harness/screenshots/album.ts";
import { wrongName } from "../harness/screenshots/names.ts";
import { BASELINES } from "./scenes/baselines.ts";
import { controls } from "./scenes/controls.ts";
import { captureRunning } from "./scenes/running.ts";
import { type Means, sceneCheck } from "./scenes/scene-check.ts";
import { SCENES } from "./scenes/scenes.ts";
import { Studio } from "./scenes/studio.ts";
import type { WorldBuilder } from "./scenes/worlds.ts";

/** What the ids of all checks of this suite begin with. */
const PREFIX = "screenshot.";
const NAMES = SCENES.map(({ name }) => name).join(" ");
const USAGE = `usage: screenshot.ts NAME [--update] | --all [--update]

  NAME      the name of a scene builds it on a runtime of its own, and compares it with suites/baselines/NAME.png:
            ${NAMES}
            the id of a check runs that check; all of them begin with '${PREFIX}'
            any other name captures the panel of the runtime that is up, into tmp/dev/NAME.png
  --all     every scene, and what has to be caught
  --update  what is seen is what is to be seen from now on, also in docs/images`;

if (import.meta.filename === process.argv[1]) await main();

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { all: { type: "boolean" }, update: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return console.log(USAGE);
  const [name, ...rest] = positionals;
  if (rest.length > 0 || (name === undefined) !== (values.all === true)) endWith(USAGE, 2);
  const accepts = values.update === true;
  if (name === undefined) {
    await prepareMachines("safe", "unsafe");
    conclude(await screenshot(true, accepts));
  }
  if (name.startsWith(PREFIX)) {
    refuseUnknown(name, screenshotChecks());
    await prepareMachines("safe", "unsafe");
    conclude(await takeScenes(name, accepts, name));
  }
  const wrong = wrongName(name);
  if (wrong !== undefined) endWith(wrong, 2);
  const scene = SCENES.find((one) => one.name === name);
  if (scene === undefined) {
    const taken = await captureRunning(name, accepts);
    if (typeof taken === "string") endWith(`${taken}\nThese scenes can be had without one: ${NAMES}`, 1);
    conclude(taken);
  }
  await prepareMachines("safe");
  conclude(await takeScenes(name, accepts, `${PREFIX}${name}`));
}

/** Each scene beside the picture that was accepted; in a whole run, also what has to be caught where it is another. */
export async function screenshot(isWhole: boolean, accepts = false): Promise<Tally> {
  return takeScenes("--all", accepts, isWhole ? "" : undefined);
}

/** The checks that a filter means; without one, the scenes alone. */
async function takeScenes(which: string, accepts: boolean, filter: string | undefined): Promise<Tally> {
  const run = new Run("screenshot", { command: commandFor(which), repeat: commandFor });
  await capture(run, accepts, filter);
  return run.finish();
}

const scenesOf = (means: Means): Check[] => SCENES.map((scene) => sceneCheck(scene, means));

/** All checks, as they are called; none of them can be run. */
export const screenshotChecks = (): Check[] => [...scenesOf(unopened()), ...controls(unopened(), unopened)];

async function capture(run: Run, accepts: boolean, filter: string | undefined): Promise<void> {
  await using studio = await Studio.open(run.directory);
  const album = new Album({
    baselines: BASELINES,
    directory: run.directory,
    drawnWith: studio.browser.drawnWith,
    accepts,
  });
  const build = builderOf(studio);
  const scenes = scenesOf({ studio, build, album });
  const checks = filter === undefined ? scenes : chooseChecks([...scenes, ...controls(studio, build)], filter);
  run.expect(checks);
  await run.perform(checks);
}

function commandFor(which: string): string {
  return `npx mise run test-screenshot ${which}`;
}

/** Builds the world of a scene, unless it is there already. */
function builderOf(studio: Studio): (world: WorldBuilder) => Promise<void> {
  let current: WorldBuilder | undefined;
  return async (world) => {
    if (world === current) return;
    current = undefined;
    await world(studio);
    current = world;
  };
}

function endWith(words: string, code: number): never {
  console.error(words);
  process.exit(code);
}
