import type { NetworkAttack } from "../../../harness/attacks/network.ts";
import { elsewhere, SOME, SPECIAL, specialName } from "./names.ts";
import { follow, get, tell, tunnel } from "./scripts.ts";

/** Other spellings of the loopback than names have. */
const SPELLINGS = [
  "127.1",
  "2130706433",
  "0x7f000001",
  "0177.0.0.1",
  "[::1]",
  "[::ffff:7f00:1]",
  "localhost",
  "127.0.0.1.",
];

/** Names that are allowed, and lead where no task may go. */
export const networkAddresses: readonly NetworkAttack[] = [
  ...Object.entries(SPECIAL).map(
    ([which, { what }]): NetworkAttack => ({
      id: `network-address.${which}`,
      tries: `asks for an allowed name that leads to ${what}`,
      allow: SOME,
      script: tell(get(`http://${specialName(which)}/`)),
      reached: elsewhere,
    }),
  ),
  ...["loopback", "metadata", "mapped"].map(
    (which): NetworkAttack => ({
      id: `network-address.${which}-tunnel`,
      tries: `wants a tunnel to an allowed name that leads to ${SPECIAL[which]?.what}`,
      allow: SOME,
      script: tunnel(`${specialName(which)}:443`),
      reached: elsewhere,
    }),
  ),
  ...SPELLINGS.map(
    (host): NetworkAttack => ({
      id: `network-address.spelled-${host.replaceAll(/[^\w.]/g, "")}`,
      tries: `writes the loopback as ${host}`,
      allow: SOME,
      script: tell(get(`http://${host}/`)),
      reached: elsewhere,
    }),
  ),
  {
    id: "network-address.rebound",
    tries: "asks twice for a name that leads to the loopback at the second time",
    allow: SOME,
    script: [tell(get("http://rebinds.allowed.example/")), tell(get("http://rebinds.allowed.example/"))].join("\n"),
    reached: elsewhere,
  },
  {
    id: "network-address.rebound-kept",
    tries: "is led to such a name again, on the connection that it has",
    allow: SOME,
    script: follow("http://rebinds.allowed.example/to/http://rebinds.allowed.example/"),
    reached: elsewhere,
  },
  {
    id: "network-address.rebound-tunnel",
    tries: "asks for such a name, and then for a tunnel to it",
    allow: SOME,
    script: [tell(get("http://rebinds.allowed.example/")), tunnel("rebinds.allowed.example:443")].join("\n"),
    reached: elsewhere,
  },
  {
    id: "network-address.many",
    tries: "asks for a name that has a public and a private address",
    allow: SOME,
    script: tell(get("http://many.allowed.example/")),
    reached: elsewhere,
  },
  {
    id: "network-address.many-families",
    tries: "asks for a name that has a public address and the loopback by IPv6",
    allow: SOME,
    script: tell(get("http://both.allowed.example/")),
    reached: elsewhere,
  },
];
