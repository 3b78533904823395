import type { Addresses } from "./dns.ts";
import { PRIVATE_ONLY } from "./ports.ts";

/** An address of the public internet; in a network of our own, every address leads to us. */
export const PUBLIC = "93.184.215.14";
const OTHER = "93.184.215.99";

/** Addresses that a task must not reach, by the name that leads there. Each name is below one that is allowed. */
export const SPECIAL: Readonly<Record<string, { address: string; what: string; essential?: true }>> = {
  loopback: { address: "127.0.0.1", what: "the host's loopback", essential: true },
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
  mapped: { address: "::ffff:127.0.0.1", what: "the loopback in a mapped address", essential: true },
  "mapped-private": { address: "::ffff:10.0.0.5", what: "a private network in a mapped address" },
  compatible: { address: "::127.0.0.1", what: "the loopback in a compatible address" },
  nat64: { address: "64:ff9b::7f00:1", what: "the loopback by NAT64", essential: true },
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
  "many.allowed.example": [["10.0.0.5", PUBLIC]],
  "many-later.allowed.example": [[PUBLIC, PRIVATE_ONLY.host]],
  "both.allowed.example": [[PUBLIC, "::1"]],
  ...Object.fromEntries(Object.entries(SPECIAL).map(([which, { address }]) => [specialName(which), [[address]]])),
};
