import { parseArgs } from "node:util";
import { conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { Album } from "../harness/screenshots/album.ts";
import { wrongName } from "../harness/screenshots/names.ts";
import { controls } from "./scenes/controls.ts";
import { captureRunning } from "./scenes/running.ts";
import { sceneCheck } from "./scenes/scene-check.ts";
import { SCENES, type Scene } from "./scenes/scenes.ts";
import { Studio } from "./scenes/studio.ts";
import type { WorldBuilder } from "./scenes/worlds.ts";

const NAMES = SCENES.map(({ name }) => name).join(" ");
const USAGE = `usage: screenshot.ts NAME [--update] | --all [--update]

  NAME      the name of a scene builds it on a runtime of its own, and compares it with suites/baselines/NAME.png:
            ${NAMES}
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
  const wrong = wrongName(name);
  if (wrong !== undefined) endWith(wrong, 2);
  const scene = SCENES.find((one) => one.name === name);
  if (scene === undefined) {
    const taken = await captureRunning(name, accepts);
    if (typeof taken === "string") endWith(`${taken}\nThese scenes can be had without one: ${NAMES}`, 1);
    conclude(taken);
  }
  await prepareMachines("safe");
  conclude(await takeScenes(name, [scene], accepts));
}

/** Each scene beside the picture that was accepted; in a whole run, also what has to be caught where it is another. */
export async function screenshot(isWhole: boolean, accepts = false): Promise<Tally> {
  return takeScenes("--all", SCENES, accepts, isWhole ? controls : undefined);
}

async function takeScenes(
  which: string,
  scenes: readonly Scene[],
  accepts: boolean,
  further?: typeof controls,
): Promise<Tally> {
  const run = new Run("screenshot", { command: commandFor(which), repeat: repeatWords });
  await capture(run, scenes, accepts, further);
  return run.finish();
}

async function capture(run: Run, scenes: readonly Scene[], accepts: boolean, further?: typeof controls): Promise<void> {
  await using studio = await Studio.open(run.directory);
  const album = new Album({ directory: run.directory, drawnWith: studio.browser.drawnWith, accepts });
  const build = builderOf(studio);
  const checks = [
    ...scenes.map((scene) => sceneCheck(scene, { studio, build, album })),
    ...(further?.(studio, build) ?? []),
  ];
  run.expect(checks);
  await run.perform(checks);
}

function commandFor(which: string): string {
  return `npx mise run test-screenshot ${which}`;
}

/** What only the whole suite does is repeated with all of it. */
function repeatWords(id: string): string {
  const scene = SCENES.find(({ name }) => id === `screenshot.${name}`);
  return commandFor(scene?.name ?? "--all");
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
