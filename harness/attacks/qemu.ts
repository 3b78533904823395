import type { Check } from "../checks/checks.ts";
import type { QemuAttack } from "./attack.ts";
import type { Fixtures } from "./fixtures.ts";

/** What each layer holds alone, by attacks that get through without it. */
export function qemuLayerChecks(attacks: readonly QemuAttack[]): Check<Fixtures>[] {
  const layers = [...new Set(attacks.flatMap(({ layer }) => layer ?? []))];
  return layers.map((layer) => ({
    id: `machine-layer.${layer}`,
    claim: `without ${layer} attacks get through that the other walls do not hold`,
    async run({ qemu }) {
      const held: Record<string, string> = {};
      for (const attack of attacks.filter((one) => one.layer === layer)) {
        const sight = await qemu.perform(attack, { without: [layer] });
        if (!sight.through) throw new Error(`${attack.id} does not get through without ${layer} (${sight.seen})`);
        held[attack.id] = sight.seen;
      }
      return { layer, held };
    },
  }));
}
