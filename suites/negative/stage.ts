import { groupOf, type Lane } from "../../harness/attacks/attack.ts";
import { honestChecks, hostChecks } from "../../harness/attacks/host.ts";
import { asCheck, asRootCheck, asSharedCheck } from "../../harness/attacks/perform.ts";
import { qemuChecks, qemuLayerChecks } from "../../harness/attacks/qemu.ts";
import type { QemuWorld } from "../../harness/attacks/qemu-world.ts";
import type { Target } from "../../harness/attacks/target.ts";
import type { WarmMachine } from "../../harness/attacks/warm-machine.ts";
import type { Wire } from "../../harness/attacks/wire.ts";
import type { Check, Result } from "../../harness/checks/checks.ts";
import { table } from "../../runtime/cli/table.ts";
import { acrossAttacks, agentAttacks, essentialAttacks, rootAttacks } from "./catalogue.ts";
import { controlApi } from "./host/control-api.ts";
import { hostFolders } from "./host/folders.ts";
import { honestFiles } from "./host/honest-files.ts";
import { hostLinks } from "./host/links.ts";
import { hostNames } from "./host/names.ts";
import { hostPaths } from "./host/paths.ts";
import { hostRaces } from "./host/races.ts";
import { apiBinds, apiRaces } from "./host/races-api.ts";
import { hostSpecial } from "./host/special.ts";
import { isEssentialNetwork, networkAttackChecks, networkRootChecks, networkWorkChecks } from "./network/network.ts";
import { qemu } from "./qemu/qemu.ts";
import { piTools } from "./tools/pi-tools.ts";
import { wallChecks } from "./walls/walls.ts";
import { warmWallChecks } from "./warm/warm-walls.ts";
import { wireChecks } from "./wire/wire.ts";
import { legitimateWork } from "./work/work.ts";

/** What is open while the checks run. */
export const stage: { target?: Target; control?: Target; qemu?: QemuWorld; wire?: Wire; warm?: WarmMachine } = {};

/**
 * Lanes of attacks, and what is not attacked: refusals of walls that are not whole, and legitimate work. What a task, or the root
 * of its machine, tries with its network has lanes of its own, and so has what it tries in one machine with its victim.
 */
export type Part = Lane | "shared" | "tools" | "network" | "forged" | "walls" | "warm" | "work";

const TASK_LANES: ReadonlySet<Part> = new Set(["agent", "root"]);
const NETWORK_LANES: ReadonlySet<Part> = new Set(["network", "forged"]);

const essential: ReadonlySet<string> = new Set(essentialAttacks.map(({ id }) => id));

/** A layer takes five seconds; those that are always broken stand for one way of breaking each. */
const ESSENTIAL_WALLS = /^walls\.(built-again|refused-without-(view|net|seccomp|memory|descriptor-limit))$/;

/** What another cache or kernel of the guest would break, and no attack would notice. */
const ESSENTIAL_WORK: ReadonlySet<string> = new Set(["work.edit-on-host", "work.open-file"]);

/** Whether every run has it: of the attacks of tasks, those that stand for their neighbours; legitimate work takes minutes, and so do binds that race. */
export function isEssential({ lane, check }: Entry): boolean {
  if (TASK_LANES.has(lane)) return essential.has(check.id);
  if (NETWORK_LANES.has(lane)) return isEssentialNetwork(check.id);
  if (lane === "walls") return ESSENTIAL_WALLS.test(check.id);
  if (lane === "work") return ESSENTIAL_WORK.has(check.id);
  return check.id !== "host-races.api-bind";
}

export interface Entry {
  kind: "attack" | "refusal" | "work";
  lane: Part;
  check: Check;
}

function onStage<K extends keyof typeof stage>(which: K): NonNullable<(typeof stage)[K]> {
  const open = stage[which];
  if (open === undefined) throw new Error(`'${which}' is not open`);
  return open;
}
const target = () => onStage("target");
const qemuWorld = () => onStage("qemu");
const sides = () => ({ target: target(), control: onStage("control") });

const entriesOf = (kind: Entry["kind"], lane: Part, checks: readonly Check[]): Entry[] =>
  checks.map((check) => ({ kind, lane, check }));

/** Attacks on the control API with paths, links and names. */
export const hostFiles = [...hostPaths, ...hostLinks, ...hostSpecial, ...hostFolders, ...hostNames];

/** Every check of the suite, in the order in which they run. */
export const entries: readonly Entry[] = [
  ...entriesOf(
    "attack",
    "agent",
    agentAttacks.map((attack) => asCheck(attack, sides)),
  ),
  ...entriesOf(
    "attack",
    "root",
    rootAttacks.map((attack) => asRootCheck(attack, sides)),
  ),
  ...entriesOf(
    "attack",
    "shared",
    acrossAttacks.map((attack) => asSharedCheck(attack, () => onStage("control"))),
  ),
  ...entriesOf(
    "attack",
    "tools",
    piTools.map((attack) => asCheck(attack, sides)),
  ),
  ...entriesOf("attack", "network", networkAttackChecks(sides)),
  ...entriesOf("work", "network", networkWorkChecks(target)),
  ...entriesOf("attack", "forged", networkRootChecks(sides)),
  ...entriesOf("attack", "qemu", qemuChecks(qemu, qemuWorld)),
  ...entriesOf("refusal", "qemu", qemuLayerChecks(qemu, qemuWorld)),
  ...entriesOf(
    "refusal",
    "walls",
    wallChecks(() => onStage("control")),
  ),
  ...entriesOf(
    "refusal",
    "warm",
    warmWallChecks(() => onStage("warm")),
  ),
  ...entriesOf("attack", "host", [...hostChecks(hostFiles, target), ...hostRaces, ...apiRaces(target)]),
  ...entriesOf("work", "host", honestChecks(honestFiles, target)),
  ...entriesOf("refusal", "host", [...apiBinds(target), ...controlApi(target)]),
  ...entriesOf("work", "work", legitimateWork(target)),
  ...entriesOf(
    "refusal",
    "wire",
    wireChecks(() => onStage("wire")),
  ),
];

/** The last lines: what was proven, by group and in all. */
export function scoreOf(chosen: readonly Entry[], results: readonly Result[]): string {
  const ran = chosen.map(({ kind, check }) => ({
    kind,
    group: groupOf(check),
    outcome: results.find(({ id }) => id === check.id)?.attack,
  }));
  const attacks = ran.filter(({ kind }) => kind === "attack");
  const count = (of: typeof attacks) => {
    const live = of.filter(({ outcome }) => outcome?.control?.through === true).length;
    return { all: of.length, live, through: of.filter(({ outcome }) => outcome?.target?.through !== false).length };
  };
  const groups = [...new Set(attacks.map(({ group }) => group))].map((group) => {
    const { all, live, through } = count(attacks.filter((attack) => attack.group === group));
    return [group, `${all}`, `${live}`, `${through}`];
  });
  const { all, live, through } = count(attacks);
  const refusals = ran.filter(({ kind }) => kind === "refusal").length;
  return [
    ...(groups.length > 0 ? [table([["group", "all", "live", "through"], ...groups], "lrrr"), ""] : []),
    `attacks ${all} · live ${live} · dead ${all - live} · through ${through} · refusals ${refusals}`,
  ].join("\n");
}
