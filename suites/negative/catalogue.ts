import { type Attack, groupOf, type TaskAttack } from "../../harness/attacks/attack.ts";
import { attackCheck, type LaneCheck } from "../../harness/attacks/check.ts";
import type { Fixtures } from "../../harness/attacks/fixtures.ts";
import { honestChecks } from "../../harness/attacks/host.ts";
import { networkWork } from "../../harness/attacks/network.ts";
import { qemuLayerChecks } from "../../harness/attacks/qemu.ts";
import type { Check } from "../../harness/checks/checks.ts";
import { acrossTasks } from "./agent/across-tasks.ts";
import { descriptors } from "./agent/descriptors.ts";
import { hardLinks } from "./agent/hard-links.ts";
import { identity } from "./agent/identity.ts";
import { ipc } from "./agent/ipc.ts";
import { kernel } from "./agent/kernel.ts";
import { mounts } from "./agent/mounts.ts";
import { names } from "./agent/names.ts";
import { paths } from "./agent/paths.ts";
import { runningOut } from "./agent/running-out.ts";
import { secrets } from "./agent/secrets.ts";
import { specialFiles } from "./agent/special-files.ts";
import { symlinks } from "./agent/symlinks.ts";
import { networkForged } from "./forged/forged.ts";
import { controlApi } from "./host/control-api.ts";
import { hostFolders } from "./host/folders.ts";
import { honestFiles } from "./host/honest-files.ts";
import { hostLinks } from "./host/links.ts";
import { hostNames } from "./host/names.ts";
import { hostPaths } from "./host/paths.ts";
import { hostRaces } from "./host/races.ts";
import { apiBinds, apiRaces } from "./host/races-api.ts";
import { hostSpecial } from "./host/special.ts";
import { networkAcross } from "./network/across.ts";
import { networkAddresses } from "./network/addresses.ts";
import { networkDirect } from "./network/direct.ts";
import { networkFlood } from "./network/flood.ts";
import { networkPolicy } from "./network/policy.ts";
import { networkProvider } from "./network/provider.ts";
import { networkSmuggling } from "./network/smuggling.ts";
import { twoKeys } from "./network/two-keys.ts";
import { allowedNetwork } from "./network/work.ts";
import { qemuFilter } from "./qemu/filter.ts";
import { qemuAttacks } from "./qemu/qemu.ts";
import { rootAcross } from "./root/root-across.ts";
import { piTools } from "./tools/pi-tools.ts";
import { execChecks } from "./walls/exec.ts";
import { sandboxChecks } from "./walls/sandboxes.ts";
import { wallChecks } from "./walls/walls.ts";
import { warmWallChecks } from "./warm/warm-walls.ts";
import { wireChecks } from "./wire/wire.ts";
import { legitimateWork } from "./work/work.ts";

/** Attacks by a process of a task. */
export const agentAttacks: readonly TaskAttack[] = [
  ...paths,
  ...names,
  ...symlinks,
  ...hardLinks,
  ...specialFiles,
  ...mounts,
  ...kernel,
  ...descriptors,
  ...secrets,
  ...identity,
  ...ipc,
  ...acrossTasks,
  ...runningOut,
];

/** Groups whose attacks look for another task, or for what root has in the same machine. */
const ACROSS: ReadonlySet<string> = new Set(["across", "descriptors", "ipc", "mounts", "network", "proc", "secrets"]);

/**
 * The essential ones of these are also tried in one machine with the victim: the walls between two tasks matter where one kernel has
 * both. Without /proc/kmsg: the control reads it until it is empty, so a second control would find nothing.
 */
const sharedAttacks = agentAttacks
  .filter((attack) => attack.essential && ACROSS.has(groupOf(attack)) && attack.id !== "proc.kmsg")
  .map((attack): TaskAttack => ({ ...attack, id: `shared.${attack.id}`, lane: "shared" }));

/** Every attack that is a row of a table. */
export const attacks: readonly Attack[] = [
  ...agentAttacks,
  ...rootAcross,
  ...sharedAttacks,
  ...piTools,
  ...networkDirect,
  ...networkPolicy,
  ...networkAddresses,
  ...networkSmuggling,
  ...networkProvider,
  ...networkAcross,
  ...networkForged,
  ...qemuAttacks,
  ...hostPaths,
  ...hostLinks,
  ...hostSpecial,
  ...hostFolders,
  ...hostNames,
];

const about = (
  common: Pick<LaneCheck, "lane" | "kind" | "essential">,
  checks: readonly Check<Fixtures>[],
): LaneCheck[] => checks.map((check) => ({ ...common, ...check }));

const of = (lane: LaneCheck["lane"]) => attacks.filter((attack) => attack.lane === lane).map(attackCheck);

/** Every check of the suite. */
export const catalogue: readonly LaneCheck[] = [
  ...of("agent"),
  ...of("root"),
  ...of("shared"),
  ...of("tools"),
  ...of("network"),
  ...about({ lane: "network", kind: "attack" }, [networkFlood]),
  ...about({ lane: "network", kind: "refusal", essential: true }, [twoKeys]),
  ...about({ lane: "network", kind: "work" }, networkWork(allowedNetwork)),
  ...of("forged"),
  ...of("qemu"),
  ...about({ lane: "qemu", kind: "refusal", essential: true }, qemuLayerChecks(qemuAttacks)),
  ...about({ lane: "host", kind: "refusal", essential: true }, [...sandboxChecks, qemuFilter]),
  ...about({ lane: "walls", kind: "refusal", essential: true }, execChecks),
  ...about({ lane: "walls", kind: "refusal" }, wallChecks),
  ...about({ lane: "warm", kind: "refusal", essential: true }, warmWallChecks),
  ...of("host"),
  ...about({ lane: "host", kind: "attack" }, [...hostRaces, ...apiRaces]),
  ...about({ lane: "host", kind: "work", essential: true }, honestChecks(honestFiles)),
  ...about({ lane: "host", kind: "refusal", essential: true }, [...apiBinds, ...controlApi]),
  ...about({ lane: "work", kind: "work" }, legitimateWork),
  ...about({ lane: "wire", kind: "refusal", essential: true }, wireChecks),
];
