import { type AgentAttack, groupOf } from "../../harness/attacks/attack.ts";
import { acrossTasks } from "./agent/across-tasks.ts";
import { descriptors } from "./agent/descriptors.ts";
import { hardLinks } from "./agent/hard-links.ts";
import { identity } from "./agent/identity.ts";
import { ipc } from "./agent/ipc.ts";
import { kernel } from "./agent/kernel.ts";
import { mounts } from "./agent/mounts.ts";
import { names } from "./agent/names.ts";
import { paths } from "./agent/paths.ts";
import { runningOut } from "./agent/running-out.ts";
import { secrets } from "./agent/secrets.ts";
import { specialFiles } from "./agent/special-files.ts";
import { symlinks } from "./agent/symlinks.ts";
import { rootAcross } from "./root/root-across.ts";

/** Groups whose attacks look for another task, or for what root has in the same machine. */
const ACROSS: ReadonlySet<string> = new Set(["across", "descriptors", "ipc", "mounts", "proc", "secrets"]);

/** Everything that is tried from inside of a task. */
export const agentAttacks: readonly AgentAttack[] = [
  ...paths,
  ...names,
  ...symlinks,
  ...hardLinks,
  ...specialFiles,
  ...mounts,
  ...kernel,
  ...descriptors,
  ...secrets,
  ...identity,
  ...ipc,
  ...acrossTasks,
  ...runningOut,
];

/** What every run tries: what is quick, and stands for its neighbours. The rest, and what takes a machine apart, is for `--all`. */
export const ESSENTIAL: Readonly<Record<string, string>> = {
  paths: "parent absolute same-prefix behind-link find size link-target",
  names: "newline invalid-utf-8",
  symlinks: "final intermediate chain proc-root git write-through rename-through mode-through",
  "hard-links": "inwards moved-in outwards",
  "special-files": "setuid-mknod device-found",
  proc: "init-root any-cwd environ cmdline taskd-environ kmsg kcore own-mem-device disk unix-names",
  mounts: "bind umount nested-clone setns-init pivot-root chroot handle remounted",
  kernel: "name core-pattern",
  descriptors: "proc-parent openat fchdir",
  secrets: "environment parent-environment private-root",
  identity: "setuid file-capability",
  ipc: "shm queue posix-queue key abstract-root socket-victim",
  network: "loopback udp",
  across:
    "tmp session outputs uploads home deleted-file vm-read ptrace write create mode home-written own-uploads own-kept-session signal signal-stop pidfd-signal",
  "running-out": "shm folder processor",
  "root-across": "folder list kept dot-dot links namespaces proc bound planted renamed programs",
};

/** Everything that the root of a task's own machine tries. */
export const rootAttacks: readonly AgentAttack[] = rootAcross;

export const essentialAttacks: readonly AgentAttack[] = [...agentAttacks, ...rootAttacks].filter(({ id }) => {
  const [group = "", name = ""] = id.split(".");
  return ESSENTIAL[group]?.split(" ").includes(name);
});

/**
 * Of these, what a task tries against another one: the walls between two tasks matter where one kernel has both. Without
 * /proc/kmsg: the control reads it until it is empty, so a second control would find nothing.
 */
export const acrossAttacks: readonly AgentAttack[] = essentialAttacks.filter(
  (attack) => ACROSS.has(groupOf(attack)) && attack.id !== "proc.kmsg",
);
