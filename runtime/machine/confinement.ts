import { HARMLESS_MODES } from "../linux/harmless-modes.ts";
import { assemble, deny } from "../linux/seccomp.ts";
import type { MachineLayer } from "../protocol/layers.ts";
import { LIMITS } from "../protocol/limits.ts";
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

/** The command line around a QEMU that has no namespaces: all it does is die with the runtime, and gain nothing. */
export function unconfined(command: readonly string[]): string[] {
  return ["--pdeathsig", "KILL", "--no-new-privs", "--", ...command];
}

/**
 * QEMU's filter: what a task cannot leave behind on the host through its files, whatever it made of the machine's kernel.
 * In a directory of the host that has the set-group-id bit, a task cannot make directories: its kernel asks for the bit.
 */
export function fileModes(): Buffer {
  // It opens files with modes in memory.
  return assemble([...HARMLESS_MODES, ...deny("ENOSYS", ["io_uring_setup", "io_uring_enter", "io_uring_register"])]);
}

/** POSIX has `ulimit` count in these. */
const BLOCK_BYTES = 512;

/** Without the signal, a write beyond the limit is an error for whoever asked for it, and not QEMU's end. */
const LIMIT = `trap '' XFSZ && ulimit -f ${LIMITS.fileBytes / BLOCK_BYTES} && `;

/**
 * Bubblewrap ties both its processes to the life of their parent, each at a moment of its own. QEMU is let in only after
 * both have done so: the outer one reports a pid then, the inner one runs this. If this program dies before, the gate's end
 * closes and the inner one goes. Without it a kill at the wrong moment would leave a QEMU without a parent.
 */
const GATE = 'echo ready >&4 && read -r go <&4 && [ "$go" = go ] && exec "$@" 3>&- 4>&- 5>&-';

/** The command line that limits how long QEMU's files get, says "ready" on descriptor 4, and runs QEMU once told "go" there. */
export function behindGate(command: readonly string[], without: readonly MachineLayer[]): string[] {
  return ["sh", "-c", `${without.includes("file-size") ? "" : LIMIT}${GATE}`, "gate", ...command];
}
