import type { MachineLayer } from "../../runtime/protocol/layers.ts";
import type { Check } from "../checks/checks.ts";
import { verdict } from "./perform.ts";
import type { QemuWorld } from "./qemu-world.ts";

/**
 * What tells from outside that somebody in QEMU's place got through: a canary in the words, something outside of the exports
 * that changed, a victim that is gone or hindered, a connection, a mode or type or attribute in the exports that must not be
 * there, a file that is too long, a process with rights, or one with a descriptor that it must not have.
 */
type QemuOracle = "token" | "change" | "victim" | "connection" | "modes" | "excess" | "rights" | "ring";

/** A shell script in the place of QEMU, behind QEMU's walls; on the control, without them. */
export interface QemuAttack {
  id: string;
  invariant: "R" | "W" | "M" | "T" | "A" | "Q" | "S";
  tries: string;
  oracle: QemuOracle;
  /** `$OUTSIDE`, `$EXPORT` and other places and ids of the world are set; see QemuWorld.prelude */
  script: string;
  /** the layer without which it gets through, where there is one that alone holds it */
  layer?: MachineLayer;
  /** why its control does not leak */
  dead?: string;
  /** why an ordinary user's QEMU could not do it either, with no walls around it */
  needsRoot?: string;
}

/** Attacks as checks, in one world. */
export function qemuChecks(attacks: readonly QemuAttack[], world: () => QemuWorld): Check[] {
  return attacks.map((attack) => ({
    id: attack.id,
    claim: `whoever has taken over QEMU ${attack.tries}: nothing comes of it`,
    needsRoot: attack.needsRoot,
    attack: { tried: attack.script, oracle: attack.oracle, dead: attack.dead },
    async run() {
      const target = await world().perform(attack, { without: [] });
      return verdict(attack, { target, control: await world().perform(attack, "none") });
    },
  }));
}

/** What each layer holds alone, by attacks that get through without it. */
export function qemuLayerChecks(attacks: readonly QemuAttack[], world: () => QemuWorld): Check[] {
  const layers = [...new Set(attacks.flatMap(({ layer }) => layer ?? []))];
  return layers.map((layer) => ({
    id: `machine-layer.${layer}`,
    claim: `without ${layer} attacks get through that the other walls do not hold`,
    async run() {
      const held: Record<string, string> = {};
      for (const attack of attacks.filter((one) => one.layer === layer)) {
        const sight = await world().perform(attack, { without: [layer] });
        if (!sight.through) throw new Error(`${attack.id} does not get through without ${layer} (${sight.seen})`);
        held[attack.id] = sight.seen;
      }
      return { layer, held };
    },
  }));
}
