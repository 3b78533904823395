import { agent, FIND_TASKD, FIND_VICTIM } from "./agent.ts";

const HEX = "-An -v -tx1 -N64";
const PLAIN = "| tr -d ' \\n'";

/** What is mounted where, namespaces, and the kernel's own files. */
export const mounts = [
  ...agent("proc", "R", [
    [
      "init-root",
      "looks through the root of the first process",
      "cat /proc/1/root/run/piwork/workspace/other/secret.txt",
    ],
    ["any-root", "looks through the root of every process", "cat /proc/[0-9]*/root/run/piwork/secret"],
    ["any-cwd", "looks through the working directory of every process", "cat /proc/[0-9]*/cwd/secret.txt"],
    [
      "map-files",
      "reads what any process has mapped",
      `${FIND_VICTIM}; cat /proc/$v/map_files/* | head -c 1 >/dev/null; cat /proc/$v/root/tmp/secret`,
    ],
    ["environ", "reads the environment of every process", "cat /proc/[0-9]*/environ", { invariant: "S" }],
    ["cmdline", "reads the arguments of every process", "cat /proc/[0-9]*/cmdline", { invariant: "S" }],
    ["taskd-environ", "reads the environment of taskd", `${FIND_TASKD}; cat /proc/$t/environ`, { invariant: "S" }],
    [
      "memory",
      "reads the memory of another's process",
      `${FIND_VICTIM}; perl -e 'my $p = shift; open(my $maps, "<", "/proc/$p/maps") or exit; open(my $mem, "<", "/proc/$p/mem") or exit; for (<$maps>) { /^(\\w+)-(\\w+) rw.*(heap|stack|0 $)/ or next; sysseek($mem, hex $1, 0); sysread($mem, my $b, 262144); print $b }' "$v"`,
    ],
    ["kmsg", "reads the kernel's log from /proc", "timeout 0.3 cat /proc/kmsg"],
    ["dev-kmsg", "reads the kernel's log from /dev", "timeout 0.3 cat /dev/kmsg"],
    ["syslog", "asks the kernel for its log", "dmesg"],
    ["kcore", "reads the machine's memory as a core", `od ${HEX} -j64 /proc/kcore ${PLAIN}`],
    ["kcore-link", "reads the machine's memory through /dev/core", `ln -sf /proc/kcore c; od ${HEX} -j64 c ${PLAIN}`],
    ["dev-mem", "reads the machine's memory", `od ${HEX} -j983040 /dev/mem ${PLAIN}`],
    [
      "own-mem-device",
      "reads the machine's memory by a node of its own",
      `mount -o remount,dev /tmp; mknod /tmp/m c 1 1; od ${HEX} -j983040 /tmp/m ${PLAIN}; rm -f /tmp/m; mount -o remount,nodev /tmp`,
      { undo: "mount -o remount,nodev /tmp" },
    ],
    ["kallsyms", "asks where the kernel's functions are", "grep -m1 ' T _stext' /proc/kallsyms"],
    ["iomem", "asks where the kernel lies in memory", "grep 'Kernel code' /proc/iomem"],
    [
      "masked-path",
      "reads below what is covered (CVE-2025-31133)",
      "ln -s /dev/null n; umount /proc/sys; umount /proc/kcore; cat /proc/sys/../1/root/run/piwork/secret",
    ],
    ["disk", "reads the machine's disk", `od ${HEX} -j1024 /dev/vda ${PLAIN}`],
    [
      "disk-by-number",
      "finds the machine's disk by its number",
      `od ${HEX} -j1024 /dev/block/254:0 ${PLAIN}; od ${HEX} -j1024 /proc/1/root/dev/vda ${PLAIN}`,
    ],
    [
      "mountinfo",
      "reads names in the mounts of every process",
      "for p in /proc/[0-9]*; do while read -r _ _ _ r t _; do case $t in /run/piwork/slots/victim*) cat $t/secret.txt;; esac; done <$p/mountinfo; done",
      { invariant: "M" },
    ],
    [
      "unix-names",
      "reads the names of sockets",
      "cat /proc/net/unix /proc/[0-9]*/net/unix | head -c 100000",
      { invariant: "M" },
    ],
    [
      "keys",
      "reads the keys in the kernel",
      'cat /proc/keys; perl -e \'$k = syscall(250, 10, -4, (my $s3 = "user"), (my $s4 = "piwork"), 0); $b = "\\0" x 64; syscall(250, 11, $k, $b, 64); print $b\'',
      { invariant: "S" },
    ],
  ]),
  ...agent("mounts", "R", [
    [
      "bind",
      "binds another folder over one of its own",
      "mkdir m; mount --bind /run/piwork/workspace/other m; cat m/secret.txt; umount m",
    ],
    [
      "share",
      "mounts the share of the host itself",
      "mkdir /tmp/m; mount -t 9p -o trans=virtio,version=9p2000.L workspace /tmp/m; cat /tmp/m/other/secret.txt; umount /tmp/m; mount --bind /run/piwork/workspace /tmp/m && cat /tmp/m/other/secret.txt && umount /tmp/m; rmdir /tmp/m",
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
      "disk",
      "mounts the machine's disk",
      "mkdir /tmp/m; mount -o ro /dev/vda /tmp/m; od -An -v -tx1 -j1024 -N64 /dev/vda | tr -d ' \\n'; umount /tmp/m; rmdir /tmp/m",
    ],
    [
      "umount",
      "takes mounts away to see what is below",
      "umount -l /work /outputs; cd /; cat /run/piwork/workspace/other/secret.txt; cat /work/../run/piwork/secret",
    ],
    [
      "nested-user",
      "becomes root of a user namespace and mounts",
      "unshare -Urm sh -c 'mount --bind /run/piwork/workspace/other /mnt; cat /mnt/secret.txt'",
    ],
    [
      "nested-clone",
      "makes a user namespace by clone",
      "perl -e '$p = syscall(56, 0x10020011, 0, 0, 0, 0); if ($p == 0) { system(\"cat /run/piwork/secret\"); exit } wait'",
    ],
    [
      "nested-clone3",
      "makes a user namespace by clone3",
      'perl -e \'$a = pack("Q11", 0x10000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0); $p = syscall(435, $a, 88); if ($p == 0) { system("cat /run/piwork/secret"); exit } wait\'',
    ],
    ["setns-init", "joins the mounts of the first process", "nsenter -t 1 -m cat /run/piwork/secret"],
    [
      "setns-any",
      "joins the mounts of another's process",
      `${FIND_VICTIM}; nsenter -t "$v" -U -m --preserve-credentials cat /tmp/secret`,
    ],
    [
      "setns-pidfd",
      "joins all namespaces of a process at once",
      'perl -e \'$fd = syscall(434, 1, 0); syscall(308, $fd, 0x20000); open(F, "<", "/run/piwork/secret"); print <F>\'',
    ],
    [
      "pivot-root",
      "takes another root",
      "mkdir -p /tmp/m; unshare -m sh -c 'mount --bind / /tmp/m && cd /tmp/m && pivot_root . mnt; cat /mnt/run/piwork/secret /run/piwork/secret'; rmdir /tmp/m",
    ],
    [
      "chroot",
      "breaks out of a root of its own",
      'mkdir -p d; perl -e \'opendir(D, "."); chroot("d"); chdir(D); chdir("..") for 1..20; chroot("."); open(F, "<", "run/piwork/secret"); print <F>\'',
    ],
    [
      "handle",
      "opens a file by its handle",
      'perl -e \'$h = pack("Ii", 128, 0) . "\\0" x 128; $m = pack("i", 0); syscall(303, -100, (my $s2 = "/run/piwork/secret"), $h, $m, 0); open(D, "<", "/run"); $fd = syscall(304, fileno(D), $h, 0); exit if $fd < 0; open(F, "<&=", $fd); print <F>\'',
    ],
    [
      "handle-guessed",
      "guesses the handle of a file in /tmp",
      'perl -e \'open(D, "<", "/tmp"); $h = pack("Ii", 128, 0) . "\\0" x 128; $m = pack("i", 0); syscall(303, -100, (my $s2 = "/tmp/secret"), $h, $m, 0); $fd = syscall(304, fileno(D), $h, 0); exit if $fd < 0; open(F, "<&=", $fd); print <F>\'',
    ],
    [
      "overlay",
      "makes the kernel load a file system for it",
      "mkdir m; unshare -Urm mount -t tmpfs x m; cat /proc/1/root/run/piwork/secret",
    ],
    [
      "loop",
      "reads the machine's disk through a loop device",
      "losetup -f; od -An -v -tx1 -j1024 -N64 /dev/loop0 | tr -d ' \\n'; od -An -v -tx1 -j1024 -N64 /dev/vda | tr -d ' \\n'",
    ],
  ]),
  ...agent("mounts", "W", [
    [
      "mounted",
      "mounts something in the machine",
      "mkdir -p /tmp/m; mount -t tmpfs x /tmp/m",
      { oracle: "guest-change" },
    ],
    [
      "remounted",
      "makes its uploads writable",
      "mount -o remount,rw,bind /uploads; d=/uploads; [ -e $d/upload.txt ] || d=$(echo /run/piwork/tasks/attacker*/guest/uploads); touch $d/new",
    ],
    [
      "attribute",
      "changes what a mount allows",
      'perl -e \'$a = pack("QQQQ", 0, 1, 0, 0); syscall(442, -100, (my $s2 = "/run"), 0, $a, 32)\'; mount -o remount,exec,suid /run',
      { oracle: "guest-change", undo: "mount -o remount,nosuid,nodev /run" },
    ],
    [
      "own-binary",
      "overwrites the program that runs it (CVE-2019-5736)",
      "echo x >>/proc/1/exe; for d in /usr/lib/piwork /run/piwork; do echo x >$d/new; done",
      { oracle: "guest-change" },
    ],
    ["etc", "writes into /etc", "echo x >>/etc/hosts; mount -t tmpfs x /etc", { oracle: "guest-change" }],
  ]),
];
