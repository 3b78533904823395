import { type NetworkAttack, networkChecks, networkWork } from "../../../harness/attacks/network.ts";
import type { Target } from "../../../harness/attacks/target.ts";
import type { Check } from "../../../harness/checks/checks.ts";
import { networkAcross, networkForged } from "./across.ts";
import { networkAddresses } from "./addresses.ts";
import { networkDirect } from "./direct.ts";
import { networkFlood } from "./flood.ts";
import { NAMES } from "./names.ts";
import { networkPolicy } from "./policy.ts";
import { networkProvider } from "./provider.ts";
import { networkSmuggling } from "./smuggling.ts";
import { allowedNetwork } from "./work.ts";

type Sides = () => { target: Target; control: Target };

/** Everything that a task tries with its network. */
export const networkAttacks: readonly NetworkAttack[] = [
  ...networkDirect,
  ...networkPolicy,
  ...networkAddresses,
  ...networkSmuggling,
  ...networkProvider,
  ...networkAcross,
];

/** What the root of a task's own machine tries with it. */
export const networkRootAttacks: readonly NetworkAttack[] = networkForged;

export const networkAttackChecks = (sides: Sides): Check[] => [
  ...networkChecks(networkAttacks, NAMES, sides),
  ...networkFlood(sides),
];
export const networkRootChecks = (sides: Sides): Check[] => networkChecks(networkRootAttacks, NAMES, sides);
export const networkWorkChecks = (target: () => Target): Check[] => networkWork(allowedNetwork, NAMES, target);

/** What every run tries, and what goes on in every run. A forged connection costs two machines. */
// biome-ignore format: a table
export const ESSENTIAL_NETWORK: Readonly<Record<string, string>> = {
  "network-direct": "metadata dns raw",
  "network-policy": "none-get other-tunnel host-header second-other redirect-hops",
  "network-address": "loopback mapped nat64 rebound many",
  "network-smuggling": "cl-te te-cl folded chunk-extension path-request",
  "network-provider": "parent-encoded key-trace",
  "network-across": "namespace",
  "network-flood": "connections",
  "network-work": "get tunnel",
};

export function isEssentialNetwork(id: string): boolean {
  const [group = "", name = ""] = id.split(".");
  return ESSENTIAL_NETWORK[group]?.split(" ").includes(name) === true;
}
