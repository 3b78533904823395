import type { QemuWorld } from "../../harness/attacks/qemu-world.ts";
import type { Check } from "../../harness/checks/checks.ts";
import { type MachineLayer, machineLayer, taskLayer } from "../../runtime/protocol/layers.ts";
import { MACHINE_LAYERS, TASK_LAYERS } from "../negative/layers.ts";
import { assertHeld, type OpenTarget, through, throughQemu } from "./through.ts";

/** What a layer takes, by how many attacks are tried: the slowest have a minute each. */
const LAYER_DEADLINE_MS = 3_600_000;

/** Each layer around a task; puts its row of the table into `rows`. */
export const taskChecks = (openTarget: OpenTarget, rows: string[]): Check[] =>
  taskLayer.options.map(
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
        rows.push(`| \`${layer}\` | ${takes} | ${seen} |`);
        return { seen };
      },
    }),
  );

/** Each layer around a machine, likewise. */
export const machineChecks = (openTarget: OpenTarget, world: QemuWorld, rows: string[]): Check[] =>
  machineLayer.options.map(
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
        rows.push(`| \`${layer}\` | ${takes} | ${seen} |`);
        return { seen };
      },
    }),
  );

function list(ids: readonly string[]): string {
  return ids.map((id) => `\`${id}\``).join(" ");
}
