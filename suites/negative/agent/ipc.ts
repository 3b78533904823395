import { agent } from "../../../harness/attacks/attack.ts";
import { FIND_VICTIM, onControl } from "./scripts.ts";

const unix = (name: string) =>
  `perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un(${name})) or exit; print <S>'`;

const VICTIM_LOOPBACK =
  "perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0); connect(S, pack_sockaddr_in(4042, inet_aton(q(127.0.0.1)))) or exit; print <S>'";
/** In the task's own network, and then in that of the victim. */
const alsoInVictims = (knock: string) => `${knock}; ${FIND_VICTIM}; nsenter -t "$v" -n ${knock}`;

/** Objects without a name in the file system, and sockets. */
export const ipc = [
  ...agent("ipc", "token", [
    [
      "shm",
      "attaches shared memory",
      "perl -e '$s = shmget(0x7069, 4096, 0); shmread($s, $b, 0, 64) and print $b'",
      { essential: true },
    ],
    [
      "shm-scan",
      "attaches all shared memory by number",
      "perl -e 'for (0..64) { shmread($_, $b, 0, 64) and print $b }'",
    ],
    [
      "queue",
      "takes a message of a queue",
      "perl -e '$q = msgget(0x7069, 0); msgrcv($q, $b, 64, 0, 04000) and print $b'",
      { essential: true },
    ],
    [
      "posix-queue",
      "takes a message of a POSIX queue",
      "perl -e '$fd = syscall(240, (my $s1 = q(piwork)), 0, 0, 0); exit if $fd < 0; $b = q( ) x 8192; syscall(243, $fd, $b, 8192, 0, 0); print $b'",
      { essential: true },
    ],
    [
      "proc-sysvipc",
      "lists shared memory and reads it",
      "while read -r key id _; do perl -e 'shmread(shift, $b, 0, 64) and print $b' $id; done </proc/sysvipc/shm",
    ],
    [
      "key",
      "reads a key of the machine",
      "perl -e '$k = syscall(250, 10, -4, (my $s3 = q(user)), (my $s4 = q(piwork)), 0); exit if $k < 0; $b = q( ) x 64; syscall(250, 11, $k, $b, 64); print $b'",
      { essential: true },
    ],
    [
      "key-request",
      "asks the kernel for a key",
      "perl -e '$k = syscall(249, (my $s1 = q(user)), (my $s2 = q(piwork)), 0, 0); exit if $k < 0; $b = q( ) x 64; syscall(250, 11, $k, $b, 64); print $b'",
    ],
    [
      "abstract-root",
      "connects to an abstract socket of the machine's root",
      unix("qq(\\0piwork-root)"),
      { essential: true },
    ],
    [
      "socket-victim",
      "connects to another's socket in /tmp",
      `for s in /tmp/victim.sock /run/piwork/slots/*/tmp/victim.sock; do ${unix("$ARGV[0]")} $s; done`,
      { essential: true },
    ],
    [
      "abstract-victim",
      "connects to an abstract socket of another",
      alsoInVictims(unix("qq(\\0piwork-victim)")),
      { essential: true },
    ],
    ["names", "lists the abstract sockets of the machine", "cat /proc/net/unix"],
  ]),
  ...agent("network", "token", [
    [
      "victim-loopback",
      "connects to what another serves on its loopback",
      alsoInVictims(VICTIM_LOOPBACK),
      { essential: true },
    ],
  ]),
  ...agent("network", "connection", [
    [
      "loopback",
      "connects to the machine's loopback",
      "perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0); connect(S, pack_sockaddr_in(4041, inet_aton(q(127.0.0.1)))) and print <S>'",
      { essential: true },
    ],
    [
      "any-address",
      "connects to 0.0.0.0",
      "perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0); connect(S, pack_sockaddr_in(4041, inet_aton(q(0.0.0.0)))) and print <S>'",
    ],
    [
      "other-loopback",
      "connects to another address of the loopback",
      "perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0); connect(S, pack_sockaddr_in(4041, inet_aton(q(127.9.9.9)))) and print <S>'",
    ],
    [
      "udp",
      "sends a datagram to the machine",
      "perl -MSocket -e 'socket(S, AF_INET, SOCK_DGRAM, 0); send(S, q(x), 0, pack_sockaddr_in(4041, inet_aton(q(127.0.0.1))))'; sleep 0.1",
      { essential: true },
    ],
    [
      "namespace",
      "joins the network of the first process",
      onControl(
        "unshare -n",
        "true",
        "nsenter -t 1 -n perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0); connect(S, pack_sockaddr_in(4041, inet_aton(q(127.0.0.1)))) and print <S>'",
      ),
    ],
    [
      "interface",
      "changes the machine's interfaces",
      "busybox ip link add piwork0 type dummy; busybox ip addr add 10.9.9.9/32 dev lo",
      {
        oracle: "excess",
        excess: { measure: "busybox ip -o addr show lo | grep -c 10.9.9.9", allowed: 0 },
        undo: "busybox ip addr del 10.9.9.9/32 dev lo",
      },
    ],
    [
      "low-port",
      "listens on a port of the system in the machine's network",
      "perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0); bind(S, pack_sockaddr_in(80, inet_aton(q(127.0.0.1)))) and listen(S, 1); sleep 1'",
      {
        oracle: "excess",
        excess: { measure: "grep -c ':0050 00000000:0000 0A' /proc/net/tcp", allowed: 0, meanwhile: true },
      },
    ],
    [
      "vsock",
      "talks to the host over vsock",
      "perl -e '$fd = syscall(41, 40, 1, 0); exit if $fd < 0; print qq(vsock\\n); sleep 1'",
      {
        held: { by: "guest" },
        dead: "the machine has no such device; the filter refuses the family before the kernel would look for one",
      },
    ],
  ]),
];
