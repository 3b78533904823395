import type { Addresses } from "../../../harness/network/dns.ts";
import type { Sightings } from "../../../harness/network/sightings.ts";
import type { NetworkRule } from "../../../runtime/protocol/network.ts";

/** An address of the public internet; here, everybody's address leads to us. */
const PUBLIC = "93.184.215.14";
const OTHER = "93.184.215.99";

/** Addresses that are nobody's business, by the name that leads there. Each is below a name that is allowed. */
export const SPECIAL: Readonly<Record<string, { address: string; what: string }>> = {
  loopback: { address: "127.0.0.1", what: "the host's loopback" },
  "loopback-other": { address: "127.9.9.9", what: "another address of the loopback" },
  any: { address: "0.0.0.0", what: "this host" },
  private: { address: "10.0.0.5", what: "a private network" },
  "private-b": { address: "172.16.3.4", what: "another private network" },
  "private-c": { address: "192.168.1.1", what: "somebody's router" },
  metadata: { address: "169.254.169.254", what: "the metadata service" },
  carrier: { address: "100.64.0.1", what: "a carrier's network" },
  benchmark: { address: "198.18.0.1", what: "a network of benchmarks" },
  reserved: { address: "240.0.0.1", what: "a reserved address" },
  loopback6: { address: "::1", what: "the host's loopback by IPv6" },
  unique6: { address: "fd00::5", what: "a private network by IPv6" },
  mapped: { address: "::ffff:127.0.0.1", what: "the loopback in a mapped address" },
  "mapped-private": { address: "::ffff:10.0.0.5", what: "a private network in a mapped address" },
  compatible: { address: "::127.0.0.1", what: "the loopback in a compatible address" },
  nat64: { address: "64:ff9b::7f00:1", what: "the loopback by NAT64" },
  sixtofour: { address: "2002:7f00:1::1", what: "the loopback by 6to4" },
  teredo: { address: "2001:0:7f00:1::1", what: "a network by Teredo" },
  documentation6: { address: "2001:db8::1", what: "an address of documentation" },
};

export const specialName = (which: string) => `${which}.allowed.example`;

/** Who is there, while the network is attacked. */
export const NAMES: Readonly<Record<string, Addresses>> = {
  "allowed.example": [[PUBLIC]],
  "second.allowed.example": [[PUBLIC]],
  "allowed.example.other.example": [[OTHER]],
  "notallowed.example": [[OTHER]],
  "other.example": [[OTHER]],
  "rebinds.allowed.example": [[PUBLIC], ["127.0.0.1"]],
  "many.allowed.example": [[PUBLIC, "10.0.0.5"]],
  "both.allowed.example": [[PUBLIC, "::1"]],
  ...Object.fromEntries(Object.entries(SPECIAL).map(([which, { address }]) => [specialName(which), [[address]]])),
};

const rule = (host: string, more: Partial<NetworkRule> = {}): NetworkRule => ({ host, ports: [80, 443], ...more });
/** Some are allowed: one host, and what is below it. */
export const SOME: readonly NetworkRule[] = [rule("allowed.example"), rule("*.allowed.example")];
/** One host, and nothing below it. */
export const ONE: readonly NetworkRule[] = [rule("allowed.example")];
/** Only what is below it. */
export const BELOW: readonly NetworkRule[] = [rule("*.allowed.example")];
/** One host, for readers. */
export const READERS: readonly NetworkRule[] = [rule("allowed.example", { methods: ["GET", "POST"] })];

/** Anybody at all. */
export const anybody = ({ connections, datagrams, questions, echoes }: Sightings): string[] => [
  ...connections.map(({ address, port }) => `a connection to ${address} port ${port}`),
  ...datagrams.map(({ port }) => `a datagram to port ${port}`),
  ...questions.map((name) => `a question for ${name}`),
  ...(echoes > 0 ? [`${echoes} echoes`] : []),
];

/** Whoever accepted a connection. */
export const connected = ({ connections }: Sightings): string[] =>
  connections.map(({ address, port }) => `a connection to ${address} port ${port}`);

/** Whoever is at another address than the one that is allowed. */
export const elsewhere = (seen: Sightings): string[] =>
  connected({ ...seen, connections: seen.connections.filter(({ address }) => address !== PUBLIC) });

/** Whoever was told this. */
export const told =
  (words: string | RegExp) =>
  ({ connections }: Sightings): string[] =>
    connections
      .filter(({ bytes }) => (typeof words === "string" ? bytes.includes(words) : words.test(bytes)))
      .map(({ address, bytes }) => `${address} was told ${JSON.stringify(bytes.slice(-80))}`);
