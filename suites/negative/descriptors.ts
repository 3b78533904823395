import { agent } from "./agent.ts";

/** A careless supervisor leaves descriptor 12 open on its private root. Where none is left, root opens it by itself. */
const LEAKED = "[ -e /proc/self/fd/12 ] || exec 12</run/piwork";
const bash = (script: string) => `exec bash -c '${LEAKED}; ${script}'`;

/** Descriptors that somebody left open. */
export const descriptors = [
  ...agent("descriptors", "R", [
    [
      "proc",
      "reads below an inherited descriptor (CVE-2024-21626)",
      bash("cat /proc/self/fd/12/workspace/other/secret.txt"),
    ],
    [
      "proc-parent",
      "climbs from an inherited descriptor",
      bash("cat /proc/self/fd/12/../../run/piwork/workspace/other/secret.txt"),
    ],
    [
      "openat",
      "opens a path beneath an inherited descriptor",
      bash(
        `perl -e "\\$fd = syscall(257, 12, (my \\$p = q(workspace/other/secret.txt)), 0); open(F, q(<&=), \\$fd); print <F>" 12<&12`,
      ),
    ],
    ["fchdir", "changes into an inherited descriptor", bash("cd /proc/self/fd/12 && cat workspace/other/secret.txt")],
    ["high", "tries all descriptors up to 1024", bash("for f in /proc/self/fd/*; do cat $f/workspace/root.txt; done")],
    [
      "parents",
      "looks at the descriptors of its parents",
      "cat /proc/[0-9]*/fd/*/workspace/root.txt; cat /proc/1/root/run/piwork/workspace/root.txt",
    ],
  ]),
  ...agent("descriptors", "W", []),
  ...agent("descriptors", "A", [
    [
      "port",
      "writes to the port of taskd",
      'for p in /dev/vport*; do echo \'{"id":"x"}\' >$p; done; cat /proc/1/root/run/piwork/secret',
    ],
  ]),
];
