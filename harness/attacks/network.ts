import type { NetworkRule } from "../../runtime/protocol/network.ts";
import type { Check } from "../checks/checks.ts";
import type { Addresses } from "../network/dns.ts";
import type { Sightings } from "../network/sightings.ts";
import type { Sight } from "./oracles.ts";
import { verdict } from "./perform.ts";
import type { Target } from "./target.ts";
import { CONTROL, PIWORK } from "./ways.ts";

/** Somebody outside who must not have been reached, in words; and what a task must not have got. */
export type Reached = (seen: Sightings, output: string) => readonly string[];

/** A script of a task that wants to reach somebody outside whom it may not reach. */
export interface NetworkAttack {
  id: string;
  /** as the end of "a task ..." */
  tries: string;
  script: string;
  /** where the task may go, and where the other one may */
  allow?: readonly NetworkRule[];
  allowOther?: readonly NetworkRule[];
  reached: Reached;
  /**
   * Where the wall is off: on the host, without a machine around it, in a network whose proxy is naive (what is taken without it);
   * or as the root of a machine that both tasks are in.
   */
  control?: "naive" | "machine";
  /** on the target too it is tried by the root of the task's own machine */
  asRoot?: true;
  /** it asks nobody, so nobody has to answer */
  isDirect?: true;
  /** the machine may not outlive it */
  ruinous?: true;
  dead?: string;
  /** why its control takes root on the host */
  needsRoot?: string;
}

/** The same for what it may reach. */
export interface NetworkWork extends Pick<NetworkAttack, "id" | "script" | "allow"> {
  claim: string;
  /** what must have come there */
  reached: Reached;
}

type Names = Readonly<Record<string, Addresses>>;

export function networkChecks(
  attacks: readonly NetworkAttack[],
  names: Names,
  sides: () => { target: Target; control: Target },
): Check[] {
  return attacks.map((attack) => ({
    id: attack.id,
    claim: `${attack.asRoot ? "the root of a task's machine" : "a task"} ${attack.tries}: nothing comes of it`,
    needsRoot: attack.needsRoot,
    attack: { tried: attack.script, oracle: "outside", dead: attack.dead },
    async run() {
      const { target, control } = sides();
      const [real, free] = await Promise.all([
        inMachine(attack, target, names, attack.asRoot ?? false),
        attack.control === "machine"
          ? inMachine(attack, control, names, true)
          : look(attack, control, names, () => control.outside.run(attack.script)),
      ]);
      if (attack.ruinous) await Promise.all([target.renew(), control.renew()]);
      return verdict(attack, { target: real, control: free });
    },
  }));
}

export function networkWork(works: readonly NetworkWork[], names: Names, target: () => Target): Check[] {
  return works.map((work) => ({
    id: work.id,
    claim: work.claim,
    async run() {
      const sight = await inMachine(work, target(), names, false);
      if (!sight.through) throw new Error(`nobody was reached: ${sight.seen}`);
      return { seen: sight.seen };
    },
  }));
}

type Scene = Pick<NetworkAttack, "script" | "allow" | "allowOther" | "reached" | "isDirect">;

/** As a process of the task, or as the root of its machine. */
async function inMachine(scene: Scene, target: Target, names: Names, asRoot: boolean): Promise<Sight> {
  const { client } = target.runtime;
  const set = (task: string, allow: readonly NetworkRule[] = []) =>
    client.call("network_set", { task, policy: { allow: [...allow] } });
  await Promise.all([set(target.attacker, scene.allow), set(target.victim, scene.allowOther)]);
  const isOtherWay = asRoot !== target.attacksAsRoot;
  if (isOtherWay) await target.use(CONTROL);
  try {
    return await look(scene, target, names, () => target.attackQuickly(scene.script));
  } finally {
    if (isOtherWay) await target.use(PIWORK);
    target.world.emptyOwn();
  }
}

async function look(
  { reached, isDirect }: Scene,
  { outside }: Target,
  names: Names,
  run: () => Promise<{ output: string; code: number | undefined }>,
): Promise<Sight> {
  await outside.name(names);
  await outside.forget();
  const { output, code } = await run();
  const came = reached(await outside.seen(), output);
  const said = output.trim().split("\n").at(0)?.trim().slice(0, 120) || "nothing";
  const seen = `${came.slice(0, 3).join("; ") || "nobody was reached"} (exit ${code ?? "none"}, it was told: ${said})`;
  // Who found no proxy, or nobody who answered, has not tried.
  const isTried = code === 0 && (isDirect === true || /^HTTP\/1\.1 /m.test(output));
  return { through: came.length > 0, seen, ...(isTried ? {} : { cutOff: true as const }) };
}
