import type { NetworkRule } from "../../runtime/protocol/network.ts";
import type { Check } from "../checks/checks.ts";
import { NAMES } from "../network/names.ts";
import type { NetworkAttack, Reached } from "./attack.ts";
import { CONTROL, PIWORK } from "./confinement.ts";
import type { Fixtures } from "./fixtures.ts";
import type { Target } from "./target.ts";
import type { Outcome, Sight } from "./verdict.ts";

/** A script of a task that goes where it may. */
export interface NetworkWork extends Pick<NetworkAttack, "id" | "script" | "allow"> {
  claim: string;
  essential?: true;
  /** what must have come there */
  reached: Reached;
}

/** Tries an attack on the task's network, and on one without walls. */
export async function meetOnNetwork(attack: NetworkAttack, target: Target, control: Target): Promise<Outcome> {
  const [real, free] = await Promise.all([
    inMachine(attack, target, attack.lane === "forged"),
    attack.control === "machine"
      ? inMachine(attack, control, true)
      : look(attack, control, () => control.outside.run(attack.script)),
  ]);
  if (attack.ruinous) await Promise.all([target.renew(), control.renew()]);
  return { target: real, control: free };
}

export function networkWork(works: readonly NetworkWork[]): Check<Fixtures>[] {
  return works.map((work) => ({
    id: work.id,
    claim: work.claim,
    essential: work.essential,
    async run({ target }) {
      const sight = await inMachine(work, target, false);
      if (!sight.through) throw new Error(`nobody was reached: ${sight.seen}`);
      return { seen: sight.seen };
    },
  }));
}

type Scene = Pick<NetworkAttack, "script" | "allow" | "allowOther" | "reached" | "isDirect">;

/** As a process of the task, or as the root of its machine. */
async function inMachine(scene: Scene, target: Target, asRoot: boolean): Promise<Sight> {
  const { client } = target.runtime;
  const set = (task: string, allow: readonly NetworkRule[] = []) =>
    client.call("network_set", { task, policy: { allow: [...allow] } });
  await Promise.all([set(target.attacker, scene.allow), set(target.victim, scene.allowOther)]);
  const isOther = asRoot !== target.attacksAsRoot;
  if (isOther) await target.use(CONTROL);
  try {
    return await look(scene, target, () => target.attackQuickly(scene.script));
  } finally {
    if (isOther) await target.use(PIWORK);
    target.world.emptyOwn();
  }
}

async function look(
  { reached, isDirect }: Scene,
  { outside }: Target,
  run: () => Promise<{ output: string; code: number | undefined }>,
): Promise<Sight> {
  await outside.name(NAMES);
  await outside.forget();
  const { output, code } = await run();
  const came = reached(await outside.seen(), output);
  const said = output.trim().split("\n").at(0)?.trim().slice(0, 120) || "nothing";
  const seen = `${came.slice(0, 3).join("; ") || "nobody was reached"} (exit ${code ?? "none"}, it was told: ${said})`;
  // A script that found no proxy, or got no answer, has not tried.
  const isTried = code === 0 && (isDirect === true || /^HTTP\/1\.1 /m.test(output));
  return { through: came.length > 0, seen, ...(isTried ? {} : { cutOff: true as const }) };
}
