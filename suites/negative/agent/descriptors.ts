import { agent } from "../../../harness/attacks/attack.ts";
import { FIND_PORT, FIND_TASKD } from "./scripts.ts";

/** A careless supervisor leaves descriptor 12 open on its private root. Where none is left, root opens it by itself. */
const LEAKED = "[ -e /proc/self/fd/12 ] || exec 12</run/piwork";
const bash = (script: string) => `exec bash -c '${LEAKED}; ${script.replaceAll("'", "'\\''")}'`;

/** Descriptors that somebody left open. */
export const descriptors = [
  ...agent("descriptors", "token", [
    [
      "proc",
      "reads below an inherited descriptor (CVE-2024-21626)",
      bash("cat /proc/self/fd/12/workspace/other/secret.txt"),
    ],
    [
      "proc-parent",
      "climbs from an inherited descriptor",
      bash("cat /proc/self/fd/12/../../run/piwork/workspace/other/secret.txt"),
      { essential: true },
    ],
    [
      "openat",
      "opens a path beneath an inherited descriptor",
      bash(
        `perl -e "\\$fd = syscall(257, 12, (my \\$p = q(workspace/other/secret.txt)), 0); open(F, q(<&=), \\$fd); print <F>" 12<&12`,
      ),
      { essential: true },
    ],
    [
      "fchdir",
      "changes into an inherited descriptor",
      bash("cd /proc/self/fd/12 && cat workspace/other/secret.txt"),
      { essential: true },
    ],
    [
      "high",
      "tries all descriptors up to 1024",
      bash("for f in /proc/self/fd/*; do cat $f/workspace/root.txt; done"),
      { essential: true },
    ],
    [
      "private-root",
      "reads a file of the machine's root below an inherited descriptor",
      bash("cat /proc/self/fd/12/secret; cd /proc/self/fd/12 && cat secret held"),
      { essential: true },
    ],
    [
      "waiting",
      "looks at what was left open in the sandbox that waited for it",
      bash("for f in /proc/self/fd/*; do cat $f/workspace/root.txt $f/secret; done"),
      { essential: true, way: "waiting" },
    ],
    [
      "parents",
      "looks at the descriptors of its parents",
      bash("sh -c 'cat /proc/$PPID/fd/*/workspace/root.txt' 12<&-"),
    ],
  ]),
  ...agent("descriptors", "silence", [
    [
      "port",
      "takes the port from taskd, and what the host says on it",
      `${FIND_TASKD}; ${FIND_PORT}; perl -e '$t = syscall(434, int($ARGV[0]), 0); for (0..64) { (readlink "/proc/$ARGV[0]/fd/$_") =~ /^$ARGV[1]/ and $fd = syscall(438, $t, $_, 0) } for ($fd > 0 ? () : glob "/dev/vport*") { open(P, "+<", $_) and $fd = fileno P } $fd > 0 && open(F, "+<&=", $fd) or exit; $e = time + 4; sysread(F, $b, 65536) while time < $e' "$t" "$p"`,
      { ruinous: true },
    ],
  ]),
];
