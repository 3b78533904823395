import { agent } from "../../../harness/attacks/attack.ts";

/** Descriptors of a kind, of whichever process: none may be open, not even while the attack runs. */
const anyOpen = (kind: string) => ({
  measure: `ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c ${kind}`,
  allowed: 0,
  meanwhile: true as const,
});

/** What belongs to the machine as a whole: its name, its clock, its settings, what it has loaded. */
export const kernel = [
  ...agent("kernel", "token", [
    ["name", "reads the machine's name", "uname -n; cat /proc/sys/kernel/hostname", { essential: true }],
  ]),
  ...agent("kernel", "guest-change", [
    [
      "core-pattern",
      "names a program for cores",
      "echo '|/work/x' >/proc/sys/kernel/core_pattern",
      { essential: true },
    ],
    ["modprobe", "names a program that loads modules", "echo /work/x >/proc/sys/kernel/modprobe"],
    ["hostname-file", "renames the machine by a file", "echo x >/proc/sys/kernel/hostname"],
    ["hostname", "renames the machine by a call", "perl -e 'syscall(170, (my $s1 = \"owned\"), 5)'"],
    ["domainname", "renames the machine's domain", "perl -e 'syscall(171, (my $s1 = \"owned\"), 5)'"],
    ["overcommit", "changes how memory is promised", "echo 1 >/proc/sys/vm/overcommit_memory"],
    ["forwarding", "makes the machine a router", "echo 1 >/proc/sys/net/ipv4/ip_forward"],
    ["limit-users", "forbids namespaces to everybody", "echo 0 >/proc/sys/user/max_user_namespaces"],
    [
      "log",
      "writes into the kernel's log",
      "echo piwork-forged-line >/dev/kmsg",
      { oracle: "excess", excess: { measure: "dmesg | grep -c piwork-forged-lin[e]", allowed: 0 }, undo: "dmesg -C" },
    ],
    [
      "sysrq",
      "asks the kernel for its list of tasks",
      "echo h >/proc/sysrq-trigger",
      { oracle: "excess", excess: { measure: "dmesg | grep -c 'sysrq: HEL[P]'", allowed: 0 }, undo: "dmesg -C" },
    ],
    [
      "clock",
      "changes the clock",
      "date -s @1000000",
      {
        oracle: "excess",
        excess: { measure: "[ $(date +%s) -lt 1000000000 ] && echo 1 || echo 0", allowed: 0 },
        undo: "",
      },
    ],
    [
      "module",
      "loads a module",
      'm=$(find /usr/lib/modules /lib/modules -name \'*.ko\' 2>/dev/null | head -1); perl -e \'open(F, "<", $ARGV[0]); syscall(313, fileno(F), (my $s2 = ""), 0)\' "$m"',
      { held: { by: "guest" }, dead: "the image has no module beyond those it has loaded" },
    ],
    [
      "bpf",
      "loads a program into the kernel",
      'perl -e \'$a = pack("IIII", 2, 4, 8, 4) . "\\0" x 112; $fd = syscall(321, 0, $a, 128); exit if $fd < 0; sleep 2\'',
      { oracle: "excess", excess: anyOpen("bpf-map") },
    ],
    [
      "perf",
      "counts events of the whole machine",
      'perl -e \'$a = pack("IIQ", 1, 112, 0) . "\\0" x 96; $fd = syscall(298, $a, -1, 0, -1, 0); exit if $fd < 0; sleep 2\'',
      { oracle: "excess", excess: anyOpen("perf_event") },
    ],
    [
      "userfaultfd",
      "handles page faults itself",
      "perl -e '$fd = syscall(323, 1); exit if $fd < 0; sleep 2'",
      { oracle: "excess", excess: anyOpen("userfaultfd") },
    ],
    [
      "packet-socket",
      "listens to raw packets",
      "perl -e '$fd = syscall(41, 17, 3, 0x300); exit if $fd < 0; sleep 2'",
      {
        oracle: "excess",
        excess: { measure: "cat /proc/net/packet | tail -n +2 | grep -c .", allowed: 0, meanwhile: true },
      },
    ],
    [
      "raw-socket",
      "makes raw packets",
      "perl -e '$fd = syscall(41, 2, 3, 1); exit if $fd < 0; sleep 2'",
      {
        oracle: "excess",
        excess: { measure: "cat /proc/net/raw /proc/[0-9]*/net/raw | grep -c '0001 '", allowed: 0, meanwhile: true },
      },
    ],
  ]),
];
