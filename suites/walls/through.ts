import { piworkWithout } from "../../harness/attacks/confinement.ts";
import { perform } from "../../harness/attacks/perform.ts";
import type { QemuWorld } from "../../harness/attacks/qemu-world.ts";
import type { Target } from "../../harness/attacks/target.ts";
import type { MachineLayer, TaskLayer } from "../../runtime/protocol/layers.ts";
import { agentAttacks } from "../negative/catalogue.ts";
import { sortLayers } from "../negative/layers.ts";
import { qemuAttacks } from "../negative/qemu/qemu.ts";

/** Gives a target whose machines are without these layers. */
export type OpenTarget = (machines: readonly MachineLayer[]) => Promise<Target>;

type Layer = TaskLayer | MachineLayer;

/** Which of these attacks of a task get through with these layers out. */
export async function through(
  openTarget: OpenTarget,
  ids: readonly string[],
  without: readonly Layer[],
): Promise<string[]> {
  if (ids.length === 0) return [];
  const { tasks, machines } = sortLayers(without);
  const target = await openTarget(machines);
  await target.use(piworkWithout(tasks));
  const found: string[] = [];
  for (const attack of agentAttacks.filter(({ id }) => ids.includes(id)))
    if ((await perform(attack, target)).through) found.push(attack.id);
  await target.use(piworkWithout([]));
  return tell(without, found, ids);
}

/** The same for attacks of whoever has taken over QEMU. */
export async function throughQemu(
  world: QemuWorld,
  layer: MachineLayer,
  without: readonly MachineLayer[],
): Promise<string[]> {
  const attacks = qemuAttacks.filter((attack) => attack.layer === layer);
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

export function assertHeld(found: readonly string[]): void {
  if (found.length > 0) throw new Error(`with every layer in place something gets through: ${found.join(" ")}`);
}
