import { qemu } from "../../../harness/attacks/attack.ts";

/** `c` makes a system call by its number. */
const perl = (program: string) => `perl -e "$S"'${program}'`;

const FCHMODAT = 268;
const FCHMODAT2 = 452;
const OPENAT2 = 437;
const IO_URING_SETUP = 425;
const PTRACE = 101;

/** Everything that is tried from the place of QEMU, as if it had been taken over. */
export const qemuAttacks = [
  ...qemu("qemu-view", { oracle: "token" }, [
    ["outside", "reads a file of the host outside of the exports", "cat $OUTSIDE/secret.txt", { layer: "qemu-view" }],
    ["records", "reads the runtime's records", "cat $STATE/records/*", { layer: "qemu-view" }],
    ["parent", "lists what lies beside the workspace", "ls $DIR; ls $WORKSPACE/..", { layer: "qemu-view" }],
    [
      "link",
      "reads through a link that it put into its export",
      "ln -s $OUTSIDE out; cat out/secret.txt",
      { layer: "qemu-view" },
    ],
    [
      "dots",
      "walks up from its export and down again",
      "cat ../../outside/secret.txt ../../../outside/secret.txt",
      { layer: "qemu-view" },
    ],
    [
      "proc-root",
      "reads through the root of another process",
      "for pid in $VICTIM 1 $PPID; do cat /proc/$pid/root$OUTSIDE/secret.txt; done",
      { layer: "qemu-view" },
    ],
    [
      "hard-link",
      "makes a hard link to an outside file",
      "ln $OUTSIDE/secret.txt mine; cat mine",
      { layer: "qemu-view" },
    ],
    [
      "write",
      "writes a file outside of the exports",
      "echo mine >$OUTSIDE/mine; echo more >>$OUTSIDE/secret.txt",
      { oracle: "change", layer: "qemu-view" },
    ],
    [
      "image",
      "writes into the image, which other machines boot",
      "chmod u+w $DIR/image /image; echo mine >$DIR/image/manifest; echo mine >/image/manifest",
      { oracle: "change", layer: "qemu-view" },
    ],
    [
      "setting",
      "changes a setting of the host's kernel",
      "echo $OTHER_SETTING >$SETTING",
      { oracle: "change", needsRoot: "only root changes settings of the kernel" },
    ],
    [
      "control",
      "connects to the runtime's control socket",
      perl("use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, pack_sockaddr_un($ENV{CONTROL}))"),
      { oracle: "connection", layer: "qemu-view" },
    ],
  ]),
  ...qemu("qemu-net", { oracle: "connection", layer: "qemu-net" }, [
    [
      "loopback",
      "connects to a listener on the host's loopback",
      perl(
        'use Socket; socket(my $s, AF_INET, SOCK_STREAM, 0); connect($s, sockaddr_in($ENV{TCP}, inet_aton("127.0.0.1")))',
      ),
    ],
    [
      "mapped",
      "connects there by an IPv6 address that stands for it",
      perl(
        'use Socket qw(:all); socket(my $s, AF_INET6, SOCK_STREAM, 0); connect($s, pack_sockaddr_in6($ENV{TCP}, inet_pton(AF_INET6, "::ffff:127.0.0.1")))',
      ),
    ],
    [
      "datagram",
      "sends a datagram to the host's loopback",
      perl(
        'use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0); send($s, "x", 0, sockaddr_in($ENV{UDP}, inet_aton("127.0.0.1")))',
      ),
    ],
    // Some libuv fill the listener's name up with zeros, others do not.
    [
      "abstract",
      "connects to an abstract socket of the host",
      perl(
        'use Socket; for my $name ("a108", "a*") { socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, pack("S$name", AF_UNIX, "\\0$ENV{ABSTRACT}")) }',
      ),
    ],
  ]),
  ...qemu("qemu-pid", { oracle: "victim" }, [
    ["kill", "kills a process of the host", "kill -9 $VICTIM", { layer: "qemu-pid" }],
    ["renice", "slows a process of the host down", perl("setpriority(0, $ENV{VICTIM}, 19)")],
    [
      "arguments",
      "reads the arguments of the host's processes",
      "cat /proc/[0-9]*/cmdline",
      { oracle: "token", layer: "qemu-pid" },
    ],
    ["environment", "reads the environment of the host's processes", "cat /proc/[0-9]*/environ", { oracle: "token" }],
    [
      "trace",
      "traces a process of the host, so that it ends with the tracer",
      perl(`c(${PTRACE}, 0x4206, $ENV{VICTIM} + 0, 0, 0x100000)`),
    ],
  ]),
  ...qemu("qemu-ipc", { oracle: "token" }, [
    [
      "memory",
      "reads shared memory of the host",
      perl('my $s = shmget($ENV{SEGMENT}, 64, 0); my $b = ""; shmread($s, $b, 0, 64) and print $b'),
    ],
  ]),
  ...qemu("qemu-modes", { oracle: "modes" }, [
    [
      "set-uid",
      "leaves a set-uid file of the runtime's user in its export",
      "cp /bin/true f; chmod 4755 f",
      { layer: "qemu-modes" },
    ],
    ["set-gid", "leaves a set-gid file there", "cp /bin/true f; chmod 2755 f", { layer: "qemu-modes" }],
    ["install", "installs a set-uid program there", "install -m 6755 /bin/true f", { layer: "qemu-modes" }],
    ["directory", "makes a directory that hands its group on", "mkdir -m 2755 d", { layer: "qemu-modes" }],
    [
      "creat",
      "creates a file with a set-uid bit",
      perl(
        'my $f = "f"; c(85, $f, 04755); my $g = "g"; c(2, $g, 0101, 04755); my $h = "h"; c(257, -100, $h, 0101, 04755)',
      ),
      { layer: "qemu-modes" },
    ],
    [
      "mknod-file",
      "makes a set-uid file by mknod",
      perl('my $f = "f"; c(133, $f, 0104755, 0); my $g = "g"; c(259, -100, $g, 0104755, 0)'),
      { layer: "qemu-modes" },
    ],
    [
      "fchmodat",
      "sets the bit by fchmodat",
      `touch f; ${perl(`my $f = "f"; c(${FCHMODAT}, -100, $f, 04755)`)}`,
      { layer: "qemu-modes" },
    ],
    [
      "high-bits",
      "sets the bit with rubbish in the upper half of the register",
      `touch f; ${perl(`my $f = "f"; c(${FCHMODAT}, -100, $f, 0xdead000000000000 | 04755)`)}`,
      { layer: "qemu-modes" },
    ],
    [
      "fchmodat2",
      "sets the bit by fchmodat2",
      `touch f; ${perl(`my $f = "f"; c(${FCHMODAT2}, -100, $f, 04755, 0)`)}`,
      { layer: "qemu-modes" },
    ],
    [
      "openat2",
      "creates a set-uid file by openat2, whose mode no filter sees",
      perl(`my $f = "f"; my $h = pack("QQQ", 0101, 04755, 0); c(${OPENAT2}, -100, $f, $h, 24)`),
      { layer: "qemu-modes" },
    ],
    // x32: the same calls with bit 30 set
    [
      "i386",
      "makes the call by the numbers of another machine",
      `touch f; ${perl(`my $f = "f"; c(0x40000000 + ${FCHMODAT}, -100, $f, 04755)`)}`,
      { dead: "this kernel may know no x32 calls" },
    ],
    [
      "ring",
      "opens a ring, through which calls pass by every filter",
      perl(`my $p = "\\0" x 120; c(${IO_URING_SETUP}, 8, $p); select(undef, undef, undef, 0.3)`),
      { oracle: "ring", layer: "qemu-modes" },
    ],
    [
      "device",
      "makes a device node in its export",
      "mknod c c 1 3; mknod b b 7 0",
      { needsRoot: "only root makes device nodes" },
    ],
    [
      "capabilities",
      "gives a program in its export capabilities",
      "cp /bin/true f; setcap cap_setuid+ep f",
      { needsRoot: "only root gives a program capabilities that count on the host" },
    ],
  ]),
  ...qemu("qemu-users", { oracle: "rights" }, [
    [
      "capabilities",
      "gives a program in its export capabilities, from a user namespace of its own",
      "cp /bin/true f; unshare --user --map-root-user setcap cap_setuid+ep f",
      { oracle: "modes" },
    ],
    ["nested", "gets every capability in a user namespace of its own", "unshare --user --map-root-user sleep 0.3"],
    [
      "mount",
      "mounts in namespaces of its own",
      "mkdir m; unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none m && sleep 0.3'",
    ],
    ["set-uid", "becomes root by a set-uid program of the host", "su -c 'sleep 0.3'"],
  ]),
  ...qemu("file-size", { oracle: "excess" }, [
    ["truncate", "makes a file that is longer than the limit", "truncate -s $TOO_LONG f", { layer: "file-size" }],
    ["seek", "writes far behind the end of a file", "echo x | dd of=f bs=1 seek=$TOO_LONG", { layer: "file-size" }],
    [
      "raise",
      "raises the limit before it makes the file",
      "ulimit -H -f unlimited; ulimit -f unlimited; truncate -s $TOO_LONG f",
      { layer: "file-size" },
    ],
    [
      "nested",
      "raises the limit as root of a user namespace of its own",
      "unshare --user --map-root-user sh -c 'ulimit -f unlimited; truncate -s $TOO_LONG f'",
    ],
  ]),
];
