import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { perform } from "../harness/attacks/perform.ts";
import { QemuWorld } from "../harness/attacks/qemu-world.ts";
import { Target } from "../harness/attacks/target.ts";
import { piworkWay } from "../harness/attacks/ways.ts";
import { type Check, conclude, Run } from "../harness/checks.ts";
import { prepareMachines } from "../harness/image.ts";
import { REPOSITORY } from "../runtime/places.ts";
import { type MachineLayer, machineLayer, type TaskLayer, taskLayer } from "../runtime/protocol/layers.ts";
import { agentAttacks } from "./negative/catalogue.ts";
import { MACHINE_LAYERS, sortLayers, TASK_LAYERS } from "./negative/layers.ts";
import { qemu } from "./negative/qemu.ts";

type Layer = TaskLayer | MachineLayer;

const DOCUMENT = "docs/walls.md";

/** Which of these attacks of a task get through with these layers out. */
async function through(
  openTarget: (machines: readonly MachineLayer[]) => Promise<Target>,
  ids: readonly string[],
  without: readonly Layer[],
): Promise<string[]> {
  if (ids.length === 0) return [];
  const { tasks, machines } = sortLayers(without);
  const target = await openTarget(machines);
  await target.use(piworkWay(tasks));
  const found: string[] = [];
  for (const attack of agentAttacks.filter(({ id }) => ids.includes(id)))
    if ((await perform(attack, target)).through) found.push(attack.id);
  await target.use(piworkWay([]));
  return tell(without, found, ids);
}

/** The same for attacks of whoever has taken over QEMU. */
async function throughQemu(world: QemuWorld, layer: MachineLayer, without: readonly MachineLayer[]): Promise<string[]> {
  const attacks = qemu.filter((attack) => attack.layer === layer);
  const found: string[] = [];
  for (const attack of attacks) if ((await world.perform(attack, { without })).through) found.push(attack.id);
  return tell(
    without,
    found,
    attacks.map(({ id }) => id),
  );
}

function tell(without: readonly Layer[], found: string[], ids: readonly string[]): string[] {
  console.log(`without ${without.join(" and ") || "nothing"}: ${found.join(" ") || "nothing"} of ${ids.join(" ")}`);
  return found;
}

function assertHeld(found: readonly string[]): void {
  if (found.length > 0) throw new Error(`with every layer in place something gets through: ${found.join(" ")}`);
}

const list = (ids: readonly string[]) => ids.map((id) => `\`${id}\``).join(" ");

await prepareMachines("safe", "unsafe");
const run = new Run("walls", { command: "npx mise run test-walls" });
const targets = new Map<string, Target>();
const openTarget = async (machines: readonly MachineLayer[]) => {
  const key = machines.join(",");
  const target = targets.get(key) ?? (await Target.open(piworkWay([]), join(run.directory, key), "shared", machines));
  targets.set(key, target);
  return target;
};
/** What a layer takes, by how many attacks are tried: the slowest have a minute each. */
const LAYER_DEADLINE_MS = 3_600_000;

const taskRows: string[] = [];
const machineRows: string[] = [];
const world = await QemuWorld.open();

const taskChecks = taskLayer.options.map(
  (layer): Check => ({
    id: `layer.${layer}`,
    claim: "with every layer in place nothing of what it is there for gets through; what does without it can be said",
    deadlineMs: LAYER_DEADLINE_MS,
    async run() {
      const { takes, attacks, beside } = TASK_LAYERS[layer];
      assertHeld(await through(openTarget, attacks, []));
      const alone = await through(openTarget, attacks, [layer]);
      let seen = alone.length > 0 ? list(alone) : "nothing";
      if (alone.length === 0 && beside !== undefined) {
        const other = await through(openTarget, attacks, [beside]);
        const both = await through(openTarget, attacks, [layer, beside]);
        const pair = both.filter((id) => !other.includes(id));
        if (pair.length > 0) seen = `with \`${beside}\` also left out: ${list(pair)}`;
      }
      taskRows.push(`| \`${layer}\` | ${takes} | ${seen} |`);
      return { seen };
    },
  }),
);

const machineChecks = machineLayer.options.map(
  (layer): Check => ({
    id: `machine-layer.${layer}`,
    claim: "with every layer in place nothing of what it is there for gets through; what does without it can be said",
    deadlineMs: LAYER_DEADLINE_MS,
    async run() {
      const { takes, attacks } = MACHINE_LAYERS[layer];
      const tried = async (without: readonly MachineLayer[]) => [
        ...(await through(openTarget, attacks, without)),
        ...(await throughQemu(world, layer, without)),
      ];
      assertHeld(await tried([]));
      const seen = list(await tried([layer])) || "nothing";
      machineRows.push(`| \`${layer}\` | ${takes} | ${seen} |`);
      return { seen };
    },
  }),
);

function writeDocument(): void {
  writeFileSync(
    join(REPOSITORY, DOCUMENT),
    `# What each layer of the walls holds

Written by \`npx mise run test-walls\`, which leaves one layer out, in a machine that is there to be attacked, and tries the attacks
the layer is there for (\`suites/negative/layers.ts\`); others may get through as well. "Nothing" would mean that none of these did.
\`npx mise run test-negative --without LAYER\` tries all attacks.

## Around a task, in its machine
| layer | what it takes from a task | what gets through without it |
| --- | --- | --- |
${taskRows.join("\n")}

## Around a machine, on the host
| layer | what it takes from whoever has taken over QEMU | what gets through without it |
| --- | --- | --- |
${machineRows.join("\n")}
`,
  );
}

run.expect([...taskChecks, ...machineChecks]);
try {
  await run.perform([...taskChecks, ...machineChecks]);
} finally {
  for (const target of targets.values()) await target[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
}
const tally = run.finish();
if (tally.failed === 0) writeDocument();
conclude(tally);
