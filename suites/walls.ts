import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { perform } from "../harness/attacks/perform.ts";
import { piworkWay, Target } from "../harness/attacks/target.ts";
import { Run } from "../harness/checks.ts";
import { buildImage } from "../harness/image.ts";
import { REPOSITORY } from "../runtime/places.ts";
import { type MachineLayer, machineLayer, type TaskLayer, taskLayer } from "../runtime/protocol/layers.ts";
import { agentAttacks } from "./negative/catalogue.ts";
import { FIXED, LAYERS } from "./negative/layers.ts";

type Layer = TaskLayer | MachineLayer;

const DOCUMENT = "docs/walls.md";

/** Which of these attacks get through with these layers out. */
async function through(
  openTarget: (machines: readonly MachineLayer[]) => Promise<Target>,
  ids: readonly string[],
  without: readonly Layer[],
): Promise<string[]> {
  const target = await openTarget(machineLayer.options.filter((layer) => without.includes(layer)));
  target.way = piworkWay(taskLayer.options.filter((layer) => without.includes(layer)));
  const found: string[] = [];
  for (const attack of agentAttacks.filter(({ id }) => ids.includes(id)))
    if ((await perform(attack, target)).through) found.push(attack.id);
  console.log(`without ${without.join(" and ") || "nothing"}: ${found.join(" ") || "nothing"} of ${ids.join(" ")}`);
  return found;
}

const list = (ids: readonly string[]) => ids.map((id) => `\`${id}\``).join(" ");

await buildImage();
const run = new Run("walls");
const targets = new Map<string, Target>();
const openTarget = async (machines: readonly MachineLayer[]) => {
  const key = machines.join(",");
  const target = targets.get(key) ?? (await Target.open(piworkWay([]), join(run.directory, key), machines));
  targets.set(key, target);
  return target;
};
try {
  const rows: string[] = [];
  for (const layer of taskLayer.options) {
    const { takes, attacks, beside } = LAYERS[layer];
    if (FIXED.has(layer)) {
      rows.push(`| \`${layer}\` | ${takes} | not measured: the harness cannot leave it out |`);
      continue;
    }
    const always = await through(openTarget, attacks, []);
    if (always.length > 0) throw new Error(`with every layer in place something gets through: ${always.join(" ")}`);
    const alone = await through(openTarget, attacks, [layer]);
    let seen = alone.length > 0 ? list(alone) : "nothing";
    if (alone.length === 0 && beside !== undefined) {
      const other = await through(openTarget, attacks, [beside]);
      const both = await through(openTarget, attacks, [layer, beside]);
      const pair = both.filter((id) => !other.includes(id));
      if (pair.length > 0) seen = `with \`${beside}\` also left out: ${list(pair)}`;
    }
    rows.push(`| \`${layer}\` | ${takes} | ${seen} |`);
  }
  writeFileSync(
    join(REPOSITORY, DOCUMENT),
    `# What each layer of the walls holds

Written by \`npx mise run test-walls\`, which leaves one layer out, in a machine that is there to be attacked, and tries the attacks
the layer is there for (\`suites/negative/layers.ts\`). "Nothing" means that none of these got through: what the layer holds is held by
others as well, as far as this suite can tell. \`npx mise run test-negative --without LAYER\` tries all attacks.

| layer | what it takes from a task | what gets through without it |
| --- | --- | --- |
${rows.join("\n")}
`,
  );
} finally {
  for (const target of targets.values()) await target[Symbol.asyncDispose]();
}
