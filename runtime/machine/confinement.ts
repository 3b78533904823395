import { TASK_UID } from "../protocol/rpc.ts";
import { type Accelerator, INSIDE } from "./arguments.ts";

export interface ConfinedPaths {
  /** directory of the image, read only */
  image: string;
  /** directory for this machine's sockets */
  sockets: string;
  /** name below /export, and the host directory that stands there */
  exports: Readonly<Record<string, string>>;
}

/**
 * The bubblewrap command line around QEMU: its own namespaces, no network, no capabilities, and a file system that holds
 * its image, its sockets and the exported folders. The user namespace shows the runtime's user as the uid that tasks have
 * in the guest, so that a task owns its folder there while the files keep their owner here.
 */
export function confine(paths: ConfinedPaths, accelerator: Accelerator, command: readonly string[]): string[] {
  return [
    ["--unshare-all", "--uid", `${TASK_UID}`, "--gid", `${TASK_UID}`],
    ["--cap-drop", "ALL"],
    ["--die-with-parent", "--new-session", "--as-pid-1"],
    ["--ro-bind", "/usr", "/usr"],
    ["--symlink", "usr/bin", "/bin"],
    ["--symlink", "usr/lib", "/lib"],
    ["--symlink", "usr/lib64", "/lib64"],
    // 9p creates fail without it.
    ["--proc", "/proc"],
    ["--dev", "/dev"],
    accelerator === "kvm" ? ["--dev-bind", "/dev/kvm", "/dev/kvm"] : [],
    ["--ro-bind", paths.image, INSIDE.image],
    ["--bind", paths.sockets, INSIDE.sockets],
    ...Object.entries(paths.exports).map(([name, path]) => ["--bind", path, `${INSIDE.exports}/${name}`]),
    ["--chdir", "/"],
    ["--clearenv"],
    ["--json-status-fd", "3"],
    ["--", ...command],
  ].flat();
}
