import type { AgentAttack } from "../../harness/attacks/attack.ts";
import { acrossTasks } from "./across-tasks.ts";
import { descriptors } from "./descriptors.ts";
import { hardLinks } from "./hard-links.ts";
import { identity } from "./identity.ts";
import { ipc } from "./ipc.ts";
import { kernel } from "./kernel.ts";
import { mounts } from "./mounts.ts";
import { names } from "./names.ts";
import { paths } from "./paths.ts";
import { runningOut } from "./running-out.ts";
import { secrets } from "./secrets.ts";
import { specialFiles } from "./special-files.ts";
import { symlinks } from "./symlinks.ts";

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
  paths: "parent parent-of-child absolute same-prefix forty-parents behind-link find size time link-target",
  names: "newline invalid-utf-8 255-bytes",
  symlinks:
    "final intermediate absolute chain proc-root copied git write-through create-through rename-through mode-through owner-through",
  "hard-links": "inwards moved-in outwards folder-moved",
  "special-files": "setuid setuid-mknod device-at device-found",
  proc: "init-root any-root any-cwd environ cmdline taskd-environ kmsg syslog kcore own-mem-device disk unix-names",
  mounts: "bind umount new-file-system nested-user nested-clone setns-init pivot-root chroot handle remounted etc",
  kernel: "name core-pattern hostname clock",
  descriptors: "proc-parent openat fchdir",
  secrets: "environment parent-environment private-root",
  identity: "setuid nested-root file-capability",
  ipc: "shm queue posix-queue key abstract-root socket-victim",
  network: "loopback any-address udp interface",
  across:
    "tmp session outputs uploads home deleted-file vm-read ptrace write create mode remove home-written own-uploads own-kept-session machine-tmp-written signal signal-stop pidfd-signal sigqueue",
  "running-out": "tmp nested-tmp folder sparse processes processor",
};

export const essentialAttacks: readonly AgentAttack[] = agentAttacks.filter(({ id }) => {
  const [group = "", name = ""] = id.split(".");
  return ESSENTIAL[group]?.split(" ").includes(name);
});
