import type { MachineLayer } from "../protocol/layers.ts";
import { TASK_UID } from "../protocol/rpc.ts";
import type { Accelerator } from "./arguments.ts";
import { ALL_WALLS, type MachinePaths, seenByQemu } from "./walls.ts";

/**
 * The bubblewrap command line around QEMU: its own namespaces, no network, no capabilities, a file system that holds
 * its image, its sockets and the exported folders, and the seccomp filter that it reads from descriptor 5. The user
 * namespace shows the runtime's user as the uid that tasks have in the guest, so that a task owns its folder there while
 * the files keep their owner here.
 */
export function confine(
  paths: MachinePaths,
  accelerator: Accelerator,
  command: readonly string[],
  without: readonly MachineLayer[],
): string[] {
  const has = (layer: MachineLayer) => !without.includes(layer);
  return [
    ["--unshare-user", "--disable-userns", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
    has("qemu-pid") ? ["--unshare-pid", "--as-pid-1"] : [],
    has("qemu-net") ? ["--unshare-net"] : [],
    ["--uid", `${TASK_UID}`, "--gid", `${TASK_UID}`],
    ["--cap-drop", "ALL"],
    ["--die-with-parent", "--new-session"],
    has("qemu-view") ? narrowView(paths, accelerator) : ["--dev-bind", "/", "/"],
    // QEMU cannot create files in its exports without it. It shows the processes of its namespace, so there is no new one of the host's.
    has("qemu-pid") ? ["--proc", "/proc"] : ["--bind", "/proc", "/proc"],
    // To the kernel, the host's root without any capability still owns the files of /proc/sys.
    ["--remount-ro", "/proc"],
    ["--chdir", "/"],
    ["--clearenv"],
    has("qemu-modes") ? ["--seccomp", "5"] : [],
    ["--json-status-fd", "3"],
    ["--", ...command],
  ].flat();
}

function narrowView(paths: MachinePaths, accelerator: Accelerator): string[] {
  const inside = seenByQemu(paths, ALL_WALLS);
  return [
    ["--ro-bind", "/usr", "/usr"],
    ["--symlink", "usr/bin", "/bin"],
    ["--symlink", "usr/lib", "/lib"],
    ["--symlink", "usr/lib64", "/lib64"],
    ["--dev", "/dev"],
    accelerator === "kvm" ? ["--dev-bind", "/dev/kvm", "/dev/kvm"] : [],
    ["--ro-bind", paths.image, inside.image],
    ["--bind", paths.sockets, inside.sockets],
    ...paths.exports.map(({ path, isReadOnly }, index) => [
      isReadOnly ? "--ro-bind" : "--bind",
      path,
      inside.exports[index]?.path ?? "",
    ]),
  ].flat();
}
