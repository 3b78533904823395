import { BlockList, isIPv4, isIPv6 } from "node:net";

/** Ranges that lead somewhere else than to the public internet, by what they are for. */
const SPECIAL: readonly [network: string, prefix: number, purpose: string][] = [
  ["0.0.0.0", 8, "this network"],
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "shared by a carrier"],
  ["127.0.0.0", 8, "loopback"],
  ["169.254.0.0", 16, "link-local"],
  ["172.16.0.0", 12, "private"],
  ["192.0.0.0", 24, "protocols"],
  ["192.0.2.0", 24, "documentation"],
  ["192.31.196.0", 24, "AS112"],
  ["192.52.193.0", 24, "AMT"],
  ["192.88.99.0", 24, "6to4 relays"],
  ["192.168.0.0", 16, "private"],
  ["192.175.48.0", 24, "AS112"],
  ["198.18.0.0", 15, "benchmarks"],
  ["198.51.100.0", 24, "documentation"],
  ["203.0.113.0", 24, "documentation"],
  ["224.0.0.0", 4, "multicast"],
  ["240.0.0.0", 4, "reserved, and broadcast"],
];

/** Of IPv6, only this is given out to the public; in it, these are not. */
const PUBLIC_V6: readonly [network: string, prefix: number] = ["2000::", 3];
const SPECIAL_V6: readonly [network: string, prefix: number, purpose: string][] = [
  ["2001::", 23, "protocols, among them Teredo, ORCHID and benchmarks"],
  ["2001:db8::", 32, "documentation"],
  ["2002::", 16, "6to4, which holds an IPv4 address"],
  ["2620:4f:8000::", 48, "AS112"],
  ["3ffe::", 16, "the 6bone, given back"],
  ["3fff::", 20, "documentation"],
];

const lists = SPECIAL.map(([network, prefix, purpose]) => ({ list: subnet(network, prefix, "ipv4"), purpose }));
const listsV6 = SPECIAL_V6.map(([network, prefix, purpose]) => ({ list: subnet(network, prefix, "ipv6"), purpose }));
const publicV6 = subnet(...PUBLIC_V6, "ipv6");

function subnet(network: string, prefix: number, family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return list;
}

/** Why no task is led to this address; undefined for one of the public internet. */
export function specialPurpose(address: string): string | undefined {
  if (isIPv4(address)) return lists.find(({ list }) => list.check(address, "ipv4"))?.purpose;
  if (!isIPv6(address) || address.includes("%")) return "no address";
  const special = listsV6.find(({ list }) => list.check(address, "ipv6"));
  if (special !== undefined) return special.purpose;
  // Loopback, mapped and compatible IPv4, NAT64, discard, unique local, link-local, site-local, multicast, and what is not given out.
  return publicV6.check(address, "ipv6") ? undefined : "not given out to the public";
}
