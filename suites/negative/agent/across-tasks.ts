import { agent } from "../../../harness/attacks/attack.ts";
import { FIND_BYSTANDER, FIND_TASKD, FIND_VICTIM, inOwnFolder, SET_ATTRIBUTE } from "./scripts.ts";

/** Other tasks: their directories, processes and limits. Where the bystander cannot be seen, `$b` is empty. */
export const acrossTasks = [
  ...agent("across", "token", [
    ["tmp", "reads another's /tmp", "cat /tmp/secret /run/piwork/slots/*/tmp/secret", { essential: true }],
    ["session", "reads another's session", "cat /session/* $VICTIM_SLOT/session/*", { essential: true }],
    ["kept-session", "reads another's saved session", "cat /run/piwork/tasks/victim*/guest/session/*"],
    [
      "outputs",
      "reads another's outputs",
      "cat /outputs/secret /outputs/../../../victim*/guest/outputs/secret /run/piwork/tasks/victim*/guest/outputs/secret",
      { essential: true },
    ],
    ["uploads", "reads another's uploads", "cat /run/piwork/tasks/victim*/guest/uploads/*", { essential: true }],
    [
      "home",
      "reads another's home",
      "cat ~/secret ~/../../victim*/guest/home/secret /run/piwork/tasks/victim*/guest/home/secret",
      { essential: true },
    ],
    [
      "deleted-file",
      "takes a descriptor out of another's process",
      `${FIND_VICTIM}; perl -e '$p = syscall(434, int($ARGV[0]), 0); exit if $p < 0; for (3..20) { $fd = syscall(438, $p, $_, 0); next if $fd < 0; open(F, "<&=", $fd); sysseek(F, 0, 0); sysread(F, $b, 64); print $b }' "$v"`,
      { essential: true },
    ],
    [
      "vm-read",
      "reads another's memory by a call",
      `${FIND_VICTIM}; perl -e '$p = int(shift); open(M, "<", "/proc/$p/maps") or exit; for (<M>) { /^(\\w+)-(\\w+) rw.*( 0 $|heap)/ or next; $n = 262144; $b = "\\0" x $n; $l = pack("PQ", $b, $n); $r = pack("QQ", hex $1, $n); $g = syscall(310, $p, $l, 1, $r, 1, 0); print substr($b, 0, $g) if $g > 0 }' "$v"`,
      { essential: true },
    ],
    [
      "ptrace",
      "traces another's process and reads its memory so",
      `${FIND_VICTIM}; perl -e '$p = int(shift); open(S, "<", "/proc/$p/stat"); $_ = <S>; s/.*\\) //s; ($from, $to) = (split)[47, 48]; exit if $p < 2 || syscall(101, 16, $p, 0, 0) < 0; waitpid($p, 0x40000000); for ($at = $from; $at < $to; $at += 8) { $word = "\\0" x 8; syscall(101, 2, $p, $at + 0, $word) == 0 and print $word } syscall(101, 17, $p, 0, 0)' "$v"`,
      { essential: true },
    ],
    ["mem-by-glob", "reads the memory maps of every process", "cat /proc/[0-9]*/task/*/environ"],
    ["machine-tmp", "reads the machine's /tmp", "cat /tmp/secret /proc/1/root/tmp/secret"],
  ]),
  ...agent("across", "change", [
    [
      "write",
      "writes into another's file",
      "echo x >>/run/piwork/workspace/other/secret.txt; echo x >>../other/secret.txt",
      { essential: true },
    ],
    ["create", "makes a file in another's folder", "touch ../other/new", { essential: true }],
    ["mode", "changes the mode of another's file", "chmod 777 ../other/secret.txt", { essential: true }],
    ["time", "changes the time of another's file", "touch -d @1 ../other/secret.txt"],
    ["remove", "removes another's file", "rm ../other/secret.txt"],
    ["attribute", "sets an attribute of another's file", `${SET_ATTRIBUTE} ../other/secret.txt`],
    [
      "home-written",
      "writes into another's home",
      "echo x >/run/piwork/tasks/victim*/guest/home/.bashrc; echo x >~/../../victim/home/x; for d in /run/piwork/tasks/victim*/guest/home; do echo x >$d/new; done",
      { essential: true },
    ],
    [
      "outputs-written",
      "writes into another's outputs",
      "for d in /run/piwork/tasks/victim*/guest/outputs; do echo x >$d/new; done",
    ],
    [
      "victims-uploads",
      "writes into another's uploads",
      "for d in /run/piwork/tasks/victim*/guest/uploads; do echo x >$d/new; done",
    ],
    [
      "own-uploads",
      "writes into its own uploads",
      "for d in /uploads /run/piwork/tasks/attacker*/guest/uploads; do echo x >$d/new; done",
      { essential: true },
    ],
    [
      "own-uploads-replaced",
      "replaces a file of its own uploads",
      "for d in /uploads /run/piwork/tasks/attacker*/guest/uploads; do rm -f $d/upload.txt; echo x >$d/upload.txt; done",
    ],
    [
      "own-uploads-mode",
      "makes its own uploads writable",
      "for d in /uploads /run/piwork/tasks/attacker*/guest/uploads; do chmod 666 $d/upload.txt; done",
    ],
    [
      "own-kept-session",
      "changes its own saved session",
      "for d in /run/piwork/tasks/attacker*/guest/session; do echo x >>$d/session.jsonl; done; echo x >>/session/../kept",
      { essential: true },
    ],
    [
      "victims-session",
      "changes another's saved session",
      "for f in /run/piwork/tasks/victim*/guest/session/session.jsonl; do echo x >>$f; done",
    ],
    [
      "machine-tmp-written",
      "writes into the machine's /tmp",
      "echo x >/tmp/planted; echo x >/proc/1/root/tmp/planted",
      { oracle: "guest-change" },
    ],
    [
      "machine-shm",
      "writes into the machine's shared memory",
      "echo x >/dev/shm/planted; echo x >/proc/1/root/dev/shm/planted",
      { oracle: "guest-change" },
    ],
    ["private-root", "writes beside what taskd mounts", "echo x >/run/piwork/planted", { oracle: "guest-change" }],
  ]).map(inOwnFolder),
  ...agent("across", "bystander", [
    ["signal", "kills a process of another", 'kill -9 "$b"', { essential: true }],
    ["signal-stop", "stops a process of another", 'kill -STOP "$b"', { essential: true }],
    [
      "pidfd-signal",
      "kills another's process by a descriptor",
      `perl -e '$p = syscall(434, int($ARGV[0]), 0); exit if $p < 0; syscall(424, $p, 9, 0, 0)' "$b"`,
      { essential: true },
    ],
    [
      "sigqueue",
      "queues a signal to another's process",
      `perl -e '$i = pack("iii", 9, 0, -1) . "\\0" x 116; syscall(129, int($ARGV[0]), 9, $i)' "$b"`,
    ],
    ["priorities", "makes another's process nice", `perl -e 'setpriority(0, int($ARGV[0]), 19)' "$b"`],
    ["limits", "takes another's descriptors away", 'prlimit --pid "$b" --nofile=3:3'],
    [
      "oom-score",
      "makes the kernel prefer another's process when memory is short",
      "echo 1000 >/proc/$b/oom_score_adj",
    ],
  ]).map((attack) => ({ ...attack, script: `${FIND_BYSTANDER}; ${attack.script}` })),
  ...agent("across", "victim", [
    [
      "kill",
      "kills every process of another that it can find",
      "for p in $(pgrep -f 'piwork-victi[m]'); do kill -9 $p; done",
    ],
    [
      "kill-range",
      "kills all process ids but the machine's own",
      "t=$(for p in $(pgrep -f 'taskd[.](mjs|kernel)|piwork-roo[t]'); do ls /proc/$p/task; done); perl -e '%keep = map { $_ => 1 } @ARGV, $$, getppid; $keep{$_} or kill 9, $_ for 130..20000' $t",
    ],
    [
      "kill-groups",
      "signals every process group that it can name, and its own",
      'perl -e \'$own = getpgrp; %g = (); for (glob "/proc/[0-9]*/stat") { open(F, "<", $_) or next; $_ = <F>; s/.*\\) //s; $g{(split)[2]} = 1 } $g{$_} && $_ > 1 && $_ != $own && kill(9, -$_) for grep { my $c = ""; open(F, "<", "/proc/$_/cmdline") and $c = join "", <F>; $c =~ /bwrap|node --dis|victim/ } keys %g; kill 9, 0\'',
      { ruinous: true },
    ],
    [
      "freeze",
      "freezes another's control group",
      "echo 1 >$VICTIM_GROUP/cgroup.freeze && { sleep 8; echo 0 >$VICTIM_GROUP/cgroup.freeze; sleep 2; }",
    ],
    ["group-kill", "ends another's control group", "echo 1 >$VICTIM_GROUP/cgroup.kill"],
    [
      "own-oom-score",
      "makes the kernel spare it when memory is short",
      "echo -900 >/proc/self/oom_score_adj; (echo -900 >/proc/self/oom_score_adj; exec sleep 1.5)",
      {
        oracle: "excess",
        excess: { measure: "cat /proc/[0-9]*/oom_score_adj | grep -c -- -9", allowed: 0, meanwhile: true },
      },
    ],
    ["group-memory", "takes another's memory away", "echo 1M >$VICTIM_GROUP/memory.high", { oracle: "guest-change" }],
    [
      "own-limits",
      "raises its own limits",
      `for g in $ATTACKER_GROUP; do echo 900M >$g/memory.max; echo 900 >$g/pids.max; done; mkdir /tmp/g; mount -t cgroup2 g /tmp/g; echo 900M >/tmp/g/memory.max; umount /tmp/g; rmdir /tmp/g`,
      { oracle: "guest-change" },
    ],
    [
      "own-group",
      "moves into a control group without limits",
      "mkdir /sys/fs/cgroup/free && echo $$ >/sys/fs/cgroup/free/cgroup.procs",
      { oracle: "guest-change" },
    ],
    [
      "stop-taskd",
      "stops taskd for a while",
      `${FIND_TASKD}; kill -STOP $t && { sleep 4.5; kill -CONT $t; }`,
      { oracle: "silence" },
    ],
    ["kill-taskd", "kills taskd", `${FIND_TASKD}; kill -9 $t`, { oracle: "silence", ruinous: true }],
    ["kill-everything", "kills all processes it may", "kill -9 -1", { oracle: "silence", ruinous: true }],
    [
      "taskd-inspector",
      "makes taskd open its inspector",
      `${FIND_TASKD}; kill -USR1 $t; sleep 0.5`,
      {
        oracle: "excess",
        ruinous: true,
        excess: { measure: "cat /proc/net/tcp | grep -c ':240D 0*:0000 0A'", allowed: 0 },
      },
    ],
  ]),
];
