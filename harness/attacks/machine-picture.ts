import { setTimeout as delay } from "node:timers/promises";

/** Whose machine: with one for all tasks it is the same. */
export type Whose = "attacker" | "victim";

/** Runs scripts as root of a machine, outside of every wall. */
export interface MachineRoot {
  asRoot(script: string, whose?: Whose): Promise<{ text: string; code: number }>;
}

/** What the machine's root has to say by then, in milliseconds; a machine that does not is lost. */
const ANSWER_DEADLINE_MS = 6_000;

/** Files of the kernel that nothing in a task may change, nor any attack leave changed. */
const SETTINGS = [
  ...["core_pattern", "hostname", "domainname", "modprobe", "pid_max", "sysrq", "randomize_va_space", "printk"].map(
    (name) => `/proc/sys/kernel/${name}`,
  ),
  ...["vm/overcommit_memory", "vm/drop_caches", "fs/file-max", "fs/protected_hardlinks"].map(
    (name) => `/proc/sys/${name}`,
  ),
  ...["net/ipv4/ip_forward", "user/max_user_namespaces", "user/max_inotify_instances"].map(
    (name) => `/proc/sys/${name}`,
  ),
  ...["memory.max", "pids.max"].map((name) => `/sys/fs/cgroup/tasks/${name}`),
  ...["memory.max", "pids.max", "cpu.weight", "cgroup.freeze", "memory.high", "cpu.max"].map(
    (name) => `/sys/fs/cgroup/tasks/*/${name}`,
  ),
  "/sys/fs/cgroup/supervisor/cpu.weight",
  "/sys/kernel/mm/transparent_hugepage/enabled",
];

/** What nothing in a task may change about its machine, a line for each. The shell does it by itself: programs start slowly. */
const LOOK = `for file in ${SETTINGS.join(" ")}; do read -r value <"$file"; echo "set $file $value"; done
for file in /run/piwork/secret /tmp/secret; do read -r value <"$file"; echo "content $file $value"; done
while read -r _ _ device root target options _; do echo "mount $target $device $root $options"; done </proc/self/mountinfo
stat -c 'file %n %f %u %g %t:%T' /run/piwork/* /tmp/* /tmp/.[!.]* /dev/* /dev/shm/* /root /root/* /etc /sys/fs/cgroup/* /sys/fs/cgroup/tasks/* 2>&1 | grep -v 'cannot stat'
true`;

/** Throws where the machine does not answer. */
export async function machinePicture(root: MachineRoot): Promise<string[]> {
  const end = await inTime(root.asRoot(LOOK));
  if (end === undefined || end.code !== 0 || !end.text.includes("\nmount / ")) throw new Lost();
  return end.text.trim().split("\n");
}

/** The machine's root can no longer look. */
export class Lost extends Error {
  constructor() {
    super("the machine no longer answers");
  }
}

/** A script of the machine's root that makes the picture as it was, as far as that is possible. */
export function mending(before: readonly string[], after: readonly string[]): string {
  const words = (line: string) => line.split(" ");
  const gone = before.filter((line) => !after.includes(line)).map(words);
  const strange = after.filter((line) => !before.includes(line)).map(words);
  const known = new Set(before.map((line) => words(line)[1]));
  return [
    ...strange.flatMap(([kind, path]) => (kind === "mount" ? [`umount -l ${quoted(path)}`] : [])),
    ...gone.flatMap(([kind, path = "", ...value]) =>
      kind === "set" || kind === "content" ? [`echo ${quoted(value.join(" "))} >${quoted(path)}`] : [],
    ),
    ...gone.flatMap(([kind, path, mode = "", uid, gid]) =>
      kind === "file"
        ? [
            `chmod ${(Number.parseInt(mode, 16) & 0o7777).toString(8)} ${quoted(path)}; chown ${uid}:${gid} ${quoted(path)}`,
          ]
        : [],
    ),
    ...strange.flatMap(([kind, path]) =>
      kind !== "file" || known.has(path)
        ? []
        : path?.startsWith("/sys/fs/cgroup/")
          ? [
              `while read -r p; do echo "$p" >/sys/fs/cgroup/supervisor/cgroup.procs; done <${path}/cgroup.procs; rmdir ${path}`,
            ]
          : [`rm -rf ${quoted(path)}`],
    ),
    "true",
  ].join("\n");
}

/** Throws where the two differ. */
export function sameAs(before: readonly string[], after: readonly string[]): readonly string[] {
  const changes = differences(before, after);
  if (changes.length > 0) throw new Error(`not as it was: ${changes.slice(0, 3).join("; ")}`);
  return before;
}

export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [had, has] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !has.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !had.has(line)).map((line) => `+ ${line}`),
  ];
}

/** The processes of the victim, as the machine's root sees them; undefined where nobody answers. */
export async function victimProcesses(root: MachineRoot, whose: Whose): Promise<string | undefined> {
  const end = await inTime(root.asRoot('while read -r pid; do echo "$pid"; done <"$VICTIM_GROUP/cgroup.procs"', whose));
  return end?.code !== 0 ? undefined : end.text.trim().split("\n").sort().join(" ");
}

/**
 * The victim's bystander as the machine's root sees it: process id, whether it is stopped, niceness, what the kernel thinks of it
 * when memory is short, and how many files it may open. Empty where it is gone.
 */
export async function bystander(root: MachineRoot, whose: Whose): Promise<string> {
  const look = `while read -r pid; do
  read -r name </proc/$pid/comm; [ "$name" = sleep ] || continue
  read -r line </proc/$pid/stat; set -- \${line##*) }; nice=\${17}
  case $1 in Z) continue ;; T|t) state=stopped ;; *) state=runs ;; esac
  read -r score </proc/$pid/oom_score_adj
  while read -r first second _ files _; do [ "$first $second" = "Max open" ] && break; done </proc/$pid/limits
  echo "$pid $state nice $nice score $score files $files"
done <"$VICTIM_GROUP/cgroup.procs"`;
  const end = await inTime(root.asRoot(look, whose));
  if (end === undefined) throw new Lost();
  return end.text.trim();
}

/** What something gives, or undefined where it fails or takes too long. */
export async function inTime<T>(work: Promise<T>, deadlineMs = ANSWER_DEADLINE_MS): Promise<T | undefined> {
  const over = new AbortController();
  const overdue = delay(deadlineMs, undefined, { signal: over.signal }).catch(() => undefined);
  return Promise.race([work.catch(() => undefined), overdue]).finally(() => over.abort());
}

function quoted(word: string | undefined): string {
  return `'${(word ?? "").replaceAll("'", "'\\''")}'`;
}
