import { dirname } from "node:path";
import type { Mount } from "../../runtime/linux/mountinfo.ts";
import { FACTS_IN_SANDBOX, MEMORY_EVENTS_IN_SANDBOX, SESSION_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import type { TaskLayer } from "../../runtime/protocol/layers.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { NETWORK_PORT } from "../../runtime/protocol/providers.ts";

/** Directories that a slot shows once it has a task. */
export const GIVEN_DIRECTORIES = ["work", "outputs", "uploads", "home"] as const;
export type GivenDirectory = (typeof GIVEN_DIRECTORIES)[number];

/** Tells a mount that the task was given from any other. */
export type IsGiven = (mount: Mount) => boolean;

/** The directories of one task, as taskd sees them. */
export interface TaskDirectories {
  /** becomes /work; a later mount on it is seen inside too */
  work: string;
  outputs: string;
  uploads: string;
  home: string;
  tmp: string;
  /** becomes /dev/pts */
  terminals: string;
  /** the agent's working copy of the session */
  session: string;
  /** becomes /task: what taskd says of the task */
  facts: string;
}

/** What a task runs in, made before anything of it is started. */
export interface Confinement {
  directories: TaskDirectories;
  /** its /etc/passwd and /etc/group, in which its user has a name */
  accounts: { passwd: string; group: string };
  /** directory of its control group */
  group: string;
  /** what all its processes may use of the machine's memory, in bytes */
  memoryBytes: number;
  /** its network namespace: where it can be entered, and what the kernel calls it */
  network: { path: string; name: string };
  /** uid that owns its files, as the machine's kernel knows it */
  owner: number;
  /** uid that it has in its own user namespace; no other task of this machine has it */
  user: number;
  /** how the mounts are known of the task that it was given to; none before */
  given: Partial<Record<GivenDirectory, IsGiven>>;
}

/** Descriptors of the launcher: its status goes out on one, the seccomp filter comes in on the other. */
export const STATUS_FD = 3;
export const FILTER_FD = 4;

/** Exit codes of the launcher where the kernel refuses its limits, or its place in the control group. */
export const LIMITS_REFUSED = 70;
export const GROUP_REFUSED = 71;

/**
 * Joins the control group before anything else runs, closes what taskd may have left open, and sets what a shell can
 * set. The programs have absolute names: busybox would take its own.
 */
const PREPARE = `group=$1 last=$2; shift 2
ulimit -c 0 && ulimit -n ${LIMITS.taskDescriptors} || exit ${LIMITS_REFUSED}
echo 0 >"$group/cgroup.procs" && echo 0 >/proc/self/oom_score_adj || exit ${GROUP_REFUSED}
for fd in /proc/self/fd/*; do
  fd=\${fd##*/}
  if [ "$fd" -gt "$last" ]; then eval "exec $fd>&-"; fi
done
exec "$@"`;

const OWN_PROXY = `http://127.0.0.1:${NETWORK_PORT}`;
/** Where programs look for their way out. */
const PROXY = [
  ...["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].map((name) => [name, OWN_PROXY]),
  ...["NO_PROXY", "no_proxy"].map((name) => [name, "127.0.0.1,localhost"]),
].map(([name = "", value = ""]) => ["--setenv", name, value]);

/**
 * The command line that runs `argv` behind a task's walls. Every layer of them is here under its name. The harness
 * leaves some out, in machines that are there to be attacked; for everybody else `without` is empty.
 */
export function launchWords(
  { directories, accounts, group, network, owner, user }: Confinement,
  cwd: string,
  argv: readonly string[],
  without: readonly TaskLayer[] = [],
): string[] {
  const has = (layer: TaskLayer) => !without.includes(layer);
  // Root owns none of the task's files, so it could have no user namespace that knows their owner.
  const ownUsers = has("user") && has("uid");
  const unless = (layer: TaskLayer, ...words: string[]) => (has(layer) ? words : []);

  const prepare = [
    "busybox",
    "sh",
    "-c",
    PREPARE,
    "launch",
    group,
    `${has("descriptors") ? FILTER_FD : Number.MAX_SAFE_INTEGER}`,
  ];
  const bubblewrap = [
    ["/usr/bin/bwrap", "--unshare-cgroup", "--die-with-parent"],
    unless("pid", "--unshare-pid"),
    unless("ipc", "--unshare-ipc"),
    unless("uts", "--unshare-uts", "--hostname", "piwork"),
    ownUsers ? ["--unshare-user", "--uid", `${user}`, "--gid", `${user}`] : [],
    ownUsers ? unless("nested-users", "--disable-userns", "--assert-userns-disabled") : [],
    unless("session", "--new-session"),
    has("view")
      ? [
          ["--ro-bind", "/usr", "/usr"],
          ["--symlink", "usr/bin", "/bin"],
          ["--symlink", "usr/sbin", "/sbin"],
          ["--symlink", "usr/lib", "/lib"],
          ["--symlink", "usr/lib64", "/lib64"],
          ["--ro-bind", "/etc", "/etc"],
          ["--ro-bind", accounts.passwd, "/etc/passwd"],
          ["--ro-bind", accounts.group, "/etc/group"],
          // A process namespace that is not its own can only be shown as it is.
          has("pid") ? ["--proc", "/proc"] : ["--bind", "/proc", "/proc"],
          ["--dev", "/dev"],
          unless("tmpfs", "--dev-bind", directories.terminals, "/dev/pts"),
          ["--perms", "0755", "--dir", "/home"],
          unless("tmpfs", "--perms", "1777", "--size", `${LIMITS.shmBytes}`, "--tmpfs", "/dev/shm"),
        ].flat()
      : ["--dev-bind", "/", "/"],
    has("tmpfs") ? ["--bind", directories.tmp, "/tmp"] : ["--perms", "1777", "--tmpfs", "/tmp"],
    ["--bind", directories.session, dirname(SESSION_IN_SANDBOX)],
    ["--bind", directories.home, "/home/task"],
    ["--bind", directories.work, "/work"],
    ["--bind", directories.outputs, "/outputs"],
    ["--ro-bind", directories.facts, dirname(FACTS_IN_SANDBOX)],
    ["--ro-bind-try", `${group}/memory.events`, MEMORY_EVENTS_IN_SANDBOX],
    [has("uploads") ? "--ro-bind" : "--bind", directories.uploads, "/uploads"],
    // What is neither the task's nor the system's holds nothing: a place to write there would be one without a limit.
    has("view") ? unless("tmpfs", "--remount-ro", "/dev", "--remount-ro", "/") : [],
    unless("environment", "--clearenv"),
    ["--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin"],
    ["--setenv", "HOME", "/home/task"],
    ["--setenv", "USER", "task"],
    ["--setenv", "LOGNAME", "task"],
    ["--setenv", "SHELL", "/bin/bash"],
    ["--setenv", "LANG", "C.UTF-8"],
    ...PROXY,
    ["--chdir", cwd],
    unless("seccomp", "--seccomp", `${FILTER_FD}`),
    ["--json-status-fd", `${STATUS_FD}`],
  ].flat();
  const identity = unless("uid", `--reuid=${owner}`, `--regid=${owner}`, "--clear-groups");

  // All sandboxes of a task have one, and in it the task's way out.
  const enter = unless("net", "busybox", "nsenter", `--net=${network.path}`, "--");
  if (ownUsers) {
    // The namespaces belong to the task's own user namespace, in which nothing has a capability.
    const capabilities = has("capabilities") ? ["--cap-drop", "ALL"] : ["--cap-add", "ALL"];
    return [...prepare, ...enter, "/usr/bin/setpriv", ...identity, "--", ...bubblewrap, ...capabilities, "--", ...argv];
  }
  const capabilities = has("capabilities")
    ? ["--bounding-set=-all", "--inh-caps=-all"]
    : ["--inh-caps=+all", "--ambient-caps=+all"];
  return [...prepare, ...enter, ...bubblewrap, "--", "/usr/bin/setpriv", ...identity, ...capabilities, "--", ...argv];
}
