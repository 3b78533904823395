import { agent } from "../../../harness/attacks/attack.ts";
import { AS_NOBODY, ASIDE } from "./scripts.ts";

const MAKE = "open(F, q(>), q(/tmp/mine)); close F";
const perl = (call: string) => `perl -e '${ASIDE}; ${call}; ${MAKE}'`;
const NOBODY = "syscall(119, 65534, 65534, 65534); syscall(117, 65534, 65534, 65534)";
/**
 * Programs of its own in a place where set-id bits count; on a task's file systems they do not. They count for nobody whom
 * bubblewrap has started either, whatever it is told.
 */
const OWN_PROGRAM = "mount -o remount,suid /tmp";
const UNDO_OWN_PROGRAM = "mount -o remount,nosuid /tmp";

/** Whether a task can be somebody else: each makes a file as whoever it has become. On the control, it begins as nobody. */
export const identity = agent("identity", "modes", [
  ["setuid", "becomes root by setuid", perl("syscall(105, 0)"), { essential: true }],
  ["setresuid", "becomes root by setresuid", perl("syscall(117, 0, 0, 0); syscall(119, 0, 0, 0)")],
  ["setreuid", "becomes root by setreuid", perl("syscall(113, 0, 0)")],
  ["setfsuid", "uses files as root", perl("syscall(122, 0); syscall(123, 0)")],
  [
    "ambient",
    "raises ambient capabilities",
    `${AS_NOBODY}; ${"${n:-setpriv}"} --inh-caps=+setuid --ambient-caps=+setuid perl -e 'syscall(105, 0); ${MAKE}'`,
  ],
  [
    "keep-capabilities",
    "keeps capabilities while it becomes nobody, and raises them again",
    `perl -e 'syscall(157, 8, 1, 0, 0, 0); ${NOBODY}; $h = pack("II", 0x20080522, 0); $c = pack("I6", 0x80, 0x80, 0, 0, 0, 0); syscall(126, $h, $c); syscall(105, 0); ${MAKE}'`,
  ],
  [
    "su",
    "asks su, its relatives, and every set-user-id program that it finds",
    "su -c 'touch /tmp/mine' root </dev/null; sudo -n touch /tmp/mine; /usr/sbin/runuser -u root touch /tmp/mine; for p in $(find /usr/bin /usr/lib /usr/sbin -perm /6000 -type f); do $p -c 'touch /tmp/mine' root; done",
    { held: { by: "guest" }, dead: "there is no set-user-id program, no sudo, and nobody whom su could ask" },
  ],
  [
    "id-map",
    "writes a map with root in it for a user namespace of its own",
    `perl -e 'pipe(A, B); pipe(C, D); if (!($p = fork)) { ${NOBODY}; syscall(272, 0x10000000); syswrite(B, "x"); sysread(C, $x, 1); syscall(105, 0); ${MAKE}; exit } sysread(A, $x, 1); open(M, ">", "/proc/$p/uid_map") and syswrite(M, "0 0 1"); close M; syswrite(D, "x"); wait'`,
  ],
  [
    "file-capability",
    "gives a program a capability",
    `${OWN_PROGRAM}; cp /usr/bin/perl /tmp/p; perl -e '$v = pack(q(IIIII), 0x02000001, 0x80, 0, 0, 0); syscall(188, (my $s1 = q(/tmp/p)), (my $s2 = q(security.capability)), $v, 20, 0)'; ${AS_NOBODY}; $n /tmp/p -e 'syscall(105, 0); ${MAKE}'; rm -f /tmp/p`,
    { essential: true, held: { by: "bubblewrap" }, undo: UNDO_OWN_PROGRAM },
  ],
  [
    "setuid-program",
    "runs a set-user-id program of its own",
    `${OWN_PROGRAM}; cp /usr/bin/touch /tmp/p; chown 0 /tmp/p; chmod 4755 /tmp/p; ${AS_NOBODY}; $n /tmp/p /tmp/mine; rm -f /tmp/p`,
    { held: { by: "bubblewrap" }, undo: UNDO_OWN_PROGRAM },
  ],
  [
    "nested-root",
    "becomes root of a user namespace, with every capability in it",
    `${AS_NOBODY}; $n unshare -Ur sleep 2`,
    {
      oracle: "excess",
      excess: {
        // The bystander is one, so that there always is one.
        measure: "for p in $(pgrep -x sleep); do cat /proc/$p/status; done | grep -c 'CapEff:.*[1-9a-f]'",
        allowed: 0,
        meanwhile: true,
      },
    },
  ],
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
