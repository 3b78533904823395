import { agent } from "../../../harness/attacks/attack.ts";
import { LIMITS } from "../../../runtime/protocol/limits.ts";

const MIB = 1024 * 1024;
/** Of the attacker's control group, or of taskd's, in which the machine's root runs. */
const memory = (field: string) =>
  `grep -h '^${field} ' $ATTACKER_GROUP/memory.stat /sys/fs/cgroup/supervisor/memory.stat`;
const CURRENT = "cat $ATTACKER_GROUP/memory.current /sys/fs/cgroup/supervisor/memory.current";
const PROCESSES = "cat $ATTACKER_GROUP/pids.current /sys/fs/cgroup/supervisor/pids.current";

/** Quotas, and what others still have when one takes all it can. */
export const runningOut = [
  ...agent("running-out", "excess", [
    [
      "tmp",
      "fills /tmp",
      "fallocate -l 300M /tmp/fill; sleep 1; rm -f /tmp/fill",
      { excess: { measure: memory("shmem"), allowed: LIMITS.tmpBytes + 14 * MIB, meanwhile: true } },
    ],
    [
      "shm",
      "fills /dev/shm",
      "fallocate -l 120M /dev/shm/fill; sleep 1; rm -f /dev/shm/fill",
      {
        essential: true,
        way: "waiting",
        excess: { measure: memory("shmem"), allowed: LIMITS.shmBytes + 6 * MIB, meanwhile: true },
      },
    ],
    [
      "root",
      "writes where nothing of it should be",
      "for d in / /dev /home /run /mnt /etc /dev/pts; do fallocate -l 80M $d/fill; done; sleep 1; rm -f /dev/fill /run/fill /fill /home/fill",
      { excess: { measure: memory("shmem"), allowed: 70 * MIB, meanwhile: true } },
    ],
    [
      "nested-tmp",
      "mounts another /tmp, in namespaces of its own, and fills it",
      "unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o size=400M t /tmp && fallocate -l 300M /tmp/fill && sleep 1'",
      { excess: { measure: memory("shmem"), allowed: LIMITS.tmpBytes + 14 * MIB, meanwhile: true } },
    ],
    [
      "folder",
      "puts more into its folder than it may",
      "truncate -s 600M f",
      { essential: true, oracle: "growth", held: { by: "machine", layer: "quota" } },
    ],
    [
      "sparse",
      "makes a file of 1 TiB that takes no room",
      "truncate -s 1T f",
      { oracle: "growth", held: { by: "machine", layer: "quota" } },
    ],
    [
      "session",
      "fills the place of its session",
      "d=/run; [ -w $d ] || d=/session; fallocate -l 200M $d/fill; sleep 1; rm -f $d/fill",
      { excess: { measure: memory("shmem"), allowed: 2 * LIMITS.sessionBytes + 12 * MIB, meanwhile: true } },
    ],
    [
      "inodes",
      "makes more files in /tmp than fit",
      "perl -e 'mkdir q(/tmp/d); open(F, q(>), q(/tmp/d/f)); for (1..70000) { link(q(/tmp/d/f), qq(/tmp/d/$_)) or last }'; sleep 1.5",
      {
        excess: {
          measure: `stat -f -c 'echo $((%c - %d))' /tmp $(sed 's,.*,/proc/&/root/tmp,' $ATTACKER_GROUP/cgroup.procs) | sh`,
          allowed: LIMITS.tmpFiles + 64,
          meanwhile: true,
        },
        undo: "rm -rf /tmp/d",
      },
    ],
    [
      "memory",
      "takes more memory than it may",
      "perl -e '$x = q(x); $b = $x x 560e6; sleep 2'",
      { excess: { measure: CURRENT, allowed: 520 * MIB, meanwhile: true } },
    ],
    [
      "memfd",
      "takes memory in a nameless file",
      "perl -e '$fd = syscall(319, (my $s1 = q(m)), 0); syscall(285, $fd, 0, 0, 560_000_000); sleep 2'",
      { excess: { measure: CURRENT, allowed: 520 * MIB, meanwhile: true } },
    ],
    [
      "processes",
      "starts more processes than it may",
      "perl -e 'for (1..600) { $p = fork; last unless defined $p; push @p, $p; if (!$p) { sleep 60; exit } } sleep 1; kill 9, @p'",
      { excess: { measure: PROCESSES, allowed: LIMITS.taskProcesses, meanwhile: true } },
    ],
    [
      "threads",
      "starts more threads than it may",
      "python3 -I -S -c '\nimport _thread, time\n_thread.stack_size(65536)\nfor _ in range(600):\n  _thread.start_new_thread(time.sleep, (60,))\ntime.sleep(0.5)'; sleep 0.5",
      { excess: { measure: PROCESSES, allowed: LIMITS.taskProcesses, meanwhile: true } },
    ],
  ]),
  ...agent("running-out", "victim", [
    ["fork-bomb", "is a fork bomb", "b() { b | b & }; b; sleep 4", { ruinous: true }],
    [
      "many-middling",
      "lets many middling processes take the memory",
      "perl -e 'for (1..90) { fork or do { $x = q(x); $b = $x x 20e6; sleep 15; exit } } sleep 14'",
      { ruinous: true },
    ],
    [
      "processor",
      "keeps the processor busy in many processes",
      "nice -n -19 perl -e 'fork for 1..5; $e = time + 3; 1 while time < $e; 1 while wait > 0'",
      { essential: true, oracle: "starvation" },
    ],
    [
      "processor-realtime",
      "keeps the processor busy as a realtime process",
      "for i in 1 2; do chrt -f 50 perl -e '$e = time + 8; 1 while time < $e' & done; wait",
      { oracle: "starvation" },
    ],
    [
      "processor-taskd",
      "takes the processor from taskd",
      'echo -1 >/proc/sys/kernel/sched_rt_runtime_us; hog=\'$e = time + 5; 1 while time < $e\'; for i in 1 2 3 4; do chrt -f 50 perl -e "$hog" || perl -e "$hog" & done; wait',
      { oracle: "silence", undo: "echo 950000 >/proc/sys/kernel/sched_rt_runtime_us" },
    ],
    [
      "watches",
      "makes as many watches as the machine has for a user",
      // What kernels allow by themselves, here and below.
      "echo 128 >/proc/sys/fs/inotify/max_user_instances; perl -e '$< = $> = 20001; 1 while syscall(253) >= 0; sleep 3'",
      { undo: "echo 1048576 >/proc/sys/fs/inotify/max_user_instances" },
    ],
    [
      "terminals",
      "takes all terminals",
      "echo 4096 >/proc/sys/kernel/pty/max; ulimit -n 20000; perl -e '1 while open($t[@t], q(+<), q(/dev/ptmx)); sleep 3'",
      { undo: "echo 1048576 >/proc/sys/kernel/pty/max" },
    ],
    [
      "open-files",
      "opens all files that the machine can",
      "echo 50000 >/proc/sys/fs/file-max; ulimit -n 4096; perl -e '$< = $> = 20001; for (1..26) { fork or do { 1 while open($f[@f], q(<), q(/dev/null)); sleep 9; exit } } sleep 10'",
      { undo: "echo 1048576 >/proc/sys/fs/file-max" },
    ],
  ]),
];
