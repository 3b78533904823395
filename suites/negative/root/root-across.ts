import { root } from "../../../harness/attacks/attack.ts";

/** Where something could be put that is nobody's own: in the roots of the exports, and between these and what is shown there. */
const EXPORTS = "/run/piwork/workspace /run/piwork/tasks /run/piwork/tasks/*";
const PLANTED = `for d in ${EXPORTS}; do rm -rf $d/planted*; done`;
/** Everything but taskd, and what runs the script. */
const ALONE =
  "t=$(pgrep -f 'taskd[.](mjs|kernel)'); cd /; for p in /proc/[0-9]*; do p=${p#/proc/}; case \" 1 $$ $PPID $t \" in *[[:space:]]$p[[:space:]]*) ;; *) kill -9 $p ;; esac; done";

/** Finds marked secrets in all that the machine has as memory. */
const IN_MEMORY = `perl -e '
open(K, "<", "/proc/kcore") or exit; sysread(K, $h, 64); ($at, $size, $n) = (unpack("Q", substr($h, 32, 8)), unpack("S2", substr($h, 54, 4)));
for $i (0 .. $n - 1) { sysseek(K, $at + $i * $size, 0); sysread(K, $p, 56); ($type, undef, $offset, undef, $physical, $bytes) = unpack("L2Q4", $p);
next if $type != 1 || $physical > 2 ** 32 || $bytes > 2 ** 31;
for ($o = 0; $o < $bytes; $o += 2 ** 21) { sysseek(K, $offset + $o, 0); sysread(K, $b, 2 ** 21 + 64) or next; print "$1\\n" while $b =~ /marked[ ]secret[ ]([0-9a-f]{16})/g } }'`;

/** Takes a port of taskd out of its hands, and says on it what the lines of python put into `said`. */
const inPlaceOfTaskd = (port: "piwork.taskd" | "piwork.network", lines: string) => `python3 -I -S -c '
import ctypes, glob, json, os, subprocess
libc = ctypes.CDLL(None)
taskd = int(subprocess.check_output(["pgrep", "-o", "-f", "taskd[.]mjs"]))
names = {open(path).read().strip(): path.split("/")[-2] for path in glob.glob("/sys/class/virtio-ports/*/name")}
port = next(int(fd) for fd in os.listdir(f"/proc/{taskd}/fd") if os.readlink(f"/proc/{taskd}/fd/{fd}") == "/dev/" + names["${port}"])
mine = libc.syscall(438, libc.syscall(434, taskd, 0), port, 0)
os.set_blocking(mine, True)
${lines}
for at in range(0, len(said), 16384):
    os.write(mine, said[at : at + 16384])
'; sleep 1`;

/** Tells what became of another task. The numbers of events before the next are passed over, so no number has to be known. */
const FORGE = inPlaceOfTaskd(
  "piwork.taskd",
  `words = {"type": "event", "event": "task_stopped", "timestamp": 1, "taskId": os.environ["VICTIM"], "payload": {}}
said = "".join(json.dumps({**words, "seq": number}) + chr(10) for number in range(1, 3000)).encode()`,
);

/** Each of these ends the machine that says it; before, the runtime has to take it in. */
const NEWLINES = inPlaceOfTaskd("piwork.taskd", "said = bytes([10]) * 2**20");
/** The numbers are far from those of taskd; the last stream is opened twice. */
const FRAMES = inPlaceOfTaskd(
  "piwork.network",
  `def frame(kind, stream, payload = b""):
    return bytes([kind]) + len(payload).to_bytes(3, "big") + (0x70000000 + stream).to_bytes(4, "big") + payload
task = os.environ["ATTACKER"].encode()
said = b"".join(frame(2, stream, task) + frame(5, stream) for stream in range(20000)) + frame(2, 19999, task)`,
);

/**
 * What the root of a machine tries that only one task is in. The control is the same root in a machine that all tasks are in. So
 * these are for machines of their own: there even that root has nothing of others.
 */
export const rootAcross = [
  ...root("root-across", "strangers", [
    [
      "folder",
      "reads another's folder",
      "cat /run/piwork/workspace/other/secret.txt ../other/secret.txt /run/piwork/workspace/*/secret.txt",
      { essential: true },
    ],
    [
      "list",
      "finds names, sizes, times and links of others in the exports",
      "find /run/piwork/workspace /run/piwork/tasks -printf '%p %s %T@ %l\\n'",
      { essential: true },
    ],
    [
      "kept",
      "reads outputs, home, uploads and session of others",
      "cat /run/piwork/tasks/*/guest/outputs/secret /run/piwork/tasks/*/guest/home/secret /run/piwork/tasks/*/guest/uploads/* /run/piwork/tasks/*/guest/session/*",
      { essential: true },
    ],
    [
      "slots",
      "reads another's /tmp and session in the slots",
      "cat /run/piwork/slots/*/tmp/secret /run/piwork/slots/*/session/*",
    ],
    [
      "dot-dot",
      "climbs out of its folder, also from a directory that is held open behind a new root",
      `cat ../other/secret.txt; perl -e 'opendir(D, "."); mkdir "r"; chroot "r"; chdir D; chdir ".." for 1 .. 2; for (glob("other/secret.txt workspace/other/secret.txt run/piwork/workspace/other/secret.txt")) { open(F, "<", $_) and print <F> }'`,
      { essential: true },
    ],
    [
      "links",
      "follows links to another's folder, and makes hard links of its files",
      "ln -s ../other/secret.txt l; cat l; ln -s /run/piwork/workspace/other d; cat d/secret.txt; ln ../other/secret.txt h && cat h",
      { essential: true },
    ],
    [
      "namespaces",
      "enters the namespaces of every process of a task",
      `for p in $(cat /sys/fs/cgroup/tasks/slot-*/cgroup.procs); do nsenter --mount --ipc --net -t $p sh -c 'cat /tmp/secret /home/task/secret /work/secret.txt'; done`,
      { essential: true },
    ],
    [
      "proc",
      "reads what /proc has of every process",
      "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline",
      { essential: true },
    ],
    ["memory", "looks through all memory that its machine has", IN_MEMORY, { alone: true, deadlineMs: 120_000 }],
    [
      "bound",
      "mounts the exports in another place, and with other roots and options",
      `mkdir -p /tmp/m; for s in workspace tasks; do mount --bind /run/piwork/$s /tmp/m; mount -o remount,cache=none,aname=/,access=any /tmp/m
cat /tmp/m/other/secret.txt /tmp/m/../other/secret.txt /tmp/m/victim*/guest/outputs/secret; umount /tmp/m; done; rmdir /tmp/m`,
      { essential: true },
    ],
  ]),
  ...root("root-across", "exports", [
    [
      "planted",
      "puts files, directories, links, devices and pipes into the roots of the exports",
      `for d in ${EXPORTS}; do mount -o remount,rw $d; echo x >$d/planted; mkdir $d/planted-directory; ln -s /etc $d/planted-link; mknod $d/planted-disk b 254 0; mknod $d/planted-memory c 1 1; mkfifo $d/planted-pipe; done`,
      { essential: true, undo: PLANTED },
    ],
    [
      "renamed",
      "renames, removes and opens to everybody what its exports show",
      "w=/run/piwork/workspace; d=$w/third; [ -d $d ] || d=$w/own; chmod 777 $w; touch -d @1 $w $d; mv $d $w/away; rmdir $d",
      { essential: true },
    ],
    [
      "filled",
      "fills the roots of the exports",
      `for d in ${EXPORTS}; do for n in $(seq 60); do : >$d/planted-$n; done; head -c 8M /dev/zero >$d/planted; done`,
      { undo: PLANTED },
    ],
  ]),
  ...root("root-across", "victim", [
    [
      "programs",
      "writes to the disk that all machines have, and puts others in the place of its programs",
      "blockdev --setrw /dev/vda; head -c 1M /dev/zero >/dev/vda; mount -o remount,rw /; rm -f /usr/bin/perl; mount --bind /usr/bin/false /usr/bin/perl; sleep 1.5",
      { essential: true, undo: "umount /usr/bin/perl" },
    ],
    [
      "kill",
      "kills a process of another",
      "for p in $(pgrep -f 'piwork-bystande[r]'); do kill -9 $p; done; sleep 1",
      { oracle: "bystander" },
    ],
    ["kill-all", "kills everything in its machine but taskd", ALONE, { alone: true, ruinous: true }],
    [
      "kill-groups",
      "ends every control group of tasks",
      "for g in /sys/fs/cgroup/tasks/slot-*; do echo 1 >$g/cgroup.kill; done",
      { alone: true },
    ],
    [
      "freeze",
      "freezes every control group of tasks",
      "for g in /sys/fs/cgroup/tasks/slot-*; do echo 1 >$g/cgroup.freeze; done; sleep 8; for g in /sys/fs/cgroup/tasks/slot-*; do echo 0 >$g/cgroup.freeze; done; sleep 2",
      { alone: true },
    ],
    [
      "processor",
      "keeps its processor busy before everything else",
      "for i in 1 2; do chrt -f 50 perl -e '$e = time + 8; 1 while time < $e' & done; wait",
      { oracle: "starvation" },
    ],
    [
      "memory-taken",
      "takes all memory that its machine has, as a process that is not to be ended for it",
      "echo -1000 >/proc/self/oom_score_adj; perl -e '$x = q(x); for (1 .. 90) { push @b, $x x 20e6 } sleep 5'",
      { alone: true, ruinous: true },
    ],
    [
      "panic",
      "lets its kernel panic",
      "echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger; sleep 2",
      { alone: true, ruinous: true },
    ],
    [
      "forged",
      "tells the runtime, in the place of taskd, that another task was stopped",
      FORGE,
      { oracle: "record", alone: true, ruinous: true, deadlineMs: 20_000 },
    ],
    [
      "newlines",
      "says newlines to the runtime, a million of them, in the place of taskd",
      NEWLINES,
      { oracle: "record", alone: true, ruinous: true, deadlineMs: 20_000 },
    ],
    [
      "frames",
      "opens and resets connections to its network, twenty thousand, in the place of taskd",
      FRAMES,
      { oracle: "record", alone: true, ruinous: true, deadlineMs: 20_000 },
    ],
  ]),
];
