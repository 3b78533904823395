import { agent } from "./agent.ts";

const MAKE = "open(F, q(>), q(/tmp/mine)); close F";
const perl = (call: string) => `perl -e '${call}; ${MAKE}'`;

/** Whether a task can be somebody else: each makes a file as whoever it has become. */
export const identity = agent("identity", "A", [
  ...(
    [
      ["setuid", "becomes root by setuid", perl("syscall(105, 0)")],
      ["setresuid", "becomes root by setresuid", perl("syscall(117, 0, 0, 0); syscall(119, 0, 0, 0)")],
      ["setreuid", "becomes root by setreuid", perl("syscall(113, 0, 0)")],
      ["setfsuid", "uses files as root", perl("syscall(122, 0); syscall(123, 0)")],
      ["ambient", "raises ambient capabilities", perl("syscall(157, 47, 2, 7, 0, 0); syscall(105, 0)")],
      [
        "keep-capabilities",
        "asks to keep capabilities",
        perl("syscall(157, 8, 1, 0, 0, 0); syscall(157, 28, 0, 0, 0, 0); syscall(105, 0)"),
      ],
      [
        "su",
        "asks su",
        "su -c 'touch /tmp/mine' root </dev/null; sudo -n touch /tmp/mine; runuser -u root touch /tmp/mine; touch /tmp/mine",
      ],
      ["newgrp", "uses setpriv", "setpriv --reuid=0 --regid=0 --clear-groups touch /tmp/mine"],
      ["nested-root", "becomes root of a user namespace", "unshare -Ur touch /tmp/mine"],
      [
        "id-map",
        "writes a map for its user namespace",
        "echo '0 0 1' >/proc/self/uid_map; perl -e 'syscall(105, 0)'; touch /tmp/mine",
      ],
      [
        "file-capability",
        "gives a program a capability",
        "cp /usr/bin/perl /tmp/p; perl -e '$v = pack(q(IIIII), 0x02000001, 0x80, 0x80, 0, 0); syscall(188, (my $s1 = q(/tmp/p)), (my $s2 = q(security.capability)), $v, 20, 0)'; /tmp/p -e 'syscall(105, 0); open(F, q(>), q(/tmp/mine))'",
      ],
      [
        "setuid-program",
        "runs a set-user-id program of its own",
        "cp /usr/bin/perl /tmp/p; chown 0 /tmp/p; chmod 4755 /tmp/p; /tmp/p -e 'syscall(105, 0); open(F, q(>), q(/tmp/mine))'",
      ],
      [
        "setuid-found",
        "runs every set-user-id program that it finds",
        "for p in $(find /usr/bin /usr/lib /usr/sbin -perm /6000 -type f); do $p </dev/null >/dev/null 2>&1; done; touch /tmp/mine",
      ],
      ["personality", "asks for another personality", perl("syscall(135, 0x0400000); syscall(105, 0)")],
    ] as const
  ).map(
    ([name, tries, script]) =>
      [name, tries, script, { oracle: "modes" }] as [string, string, string, { oracle: "modes" }],
  ),
  [
    "realtime",
    "makes itself a realtime process",
    "chrt -f 9 sleep 1.5",
    { oracle: "excess", excess: { measure: "ps -eo rtprio= | grep -c ' 9$\\|^9$'", allowed: 0, meanwhile: true } },
  ],
  [
    "lock-memory",
    "locks more memory than it may",
    "perl -e '$b = q(x) x 30000000; $l = pack(q(QQ), ~0, ~0); syscall(160, 8, $l); syscall(151, 3); sleep 1'",
    {
      oracle: "excess",
      excess: {
        measure: "while read -r n v _; do [ $n = Mlocked: ] && echo $v; done </proc/meminfo",
        allowed: 12_000,
        meanwhile: true,
      },
    },
  ],
]);
