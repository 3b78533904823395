import { network } from "../../../harness/attacks/attack.ts";
import { SPECIAL, specialName } from "../../../harness/network/names.ts";
import { PRIVATE_ONLY } from "../../../harness/network/ports.ts";
import { elsewhere, SOME } from "./reached.ts";
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
export const networkAddresses = network("network-address", { reached: elsewhere, allow: SOME }, [
  ...Object.entries(SPECIAL).map(
    ([which, { what, essential }]) =>
      [
        which,
        `asks for an allowed name that leads to ${what}`,
        tell(get(`http://${specialName(which)}/`)),
        { essential },
      ] as const,
  ),
  ...["loopback", "metadata", "mapped"].map(
    (which) =>
      [
        `${which}-tunnel`,
        `wants a tunnel to an allowed name that leads to ${SPECIAL[which]?.what}`,
        tunnel(`${specialName(which)}:443`),
      ] as const,
  ),
  ...SPELLINGS.map(
    (host) =>
      [
        `spelled-${host.replaceAll(/[^\w.]/g, "")}`,
        `writes the loopback as ${host}`,
        tell(get(`http://${host}/`)),
      ] as const,
  ),
  [
    "rebound",
    "asks twice for a name that leads to the loopback at the second time",
    `${tell(get("http://rebinds.allowed.example/"))}\n${tell(get("http://rebinds.allowed.example/"))}`,
    { essential: true },
  ],
  [
    "rebound-kept",
    "is led to such a name again, on the connection that it has",
    follow("http://rebinds.allowed.example/to/http://rebinds.allowed.example/"),
  ],
  [
    "rebound-tunnel",
    "asks for such a name, and then for a tunnel to it",
    `${tell(get("http://rebinds.allowed.example/"))}\n${tunnel("rebinds.allowed.example:443")}`,
  ],
  [
    "many",
    "asks for a name that has a private and a public address, in this order",
    tell(get("http://many.allowed.example/")),
    { essential: true },
  ],
  [
    "many-later",
    "asks for a name whose first address is public and answers nobody, and whose second is private",
    tell(get(`http://many-later.allowed.example:${PRIVATE_ONLY.port}/`)),
    { essential: true, allow: [{ host: "*.allowed.example", ports: [PRIVATE_ONLY.port] }] },
  ],
  [
    "many-families",
    "asks for a name that has a public address and the loopback by IPv6",
    tell(get("http://both.allowed.example/")),
  ],
]);
