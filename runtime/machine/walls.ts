import { PiworkError } from "../protocol/errors.ts";
import type { MachineLayer } from "../protocol/layers.ts";
import type { Export } from "../workspace/files.ts";

/** What stands between QEMU and the host. */
export interface Walls {
  /** QEMU runs without bubblewrap, for hosts that forbid user namespaces */
  unconfined: boolean;
  /** what the harness has left out, one by one */
  without: readonly MachineLayer[];
}

export const ALL_WALLS: Walls = { unconfined: false, without: [] };

/** Where a machine's things are, as somebody sees them. */
export interface MachinePaths {
  /** directory of the image, read only */
  image: string;
  /** directory for this machine's sockets */
  sockets: string;
  /** what gives tasks their files; see workspace/ */
  exports: readonly Export[];
}

/** The same things as QEMU sees them behind these walls, from how the host sees them. */
export function seenByQemu(paths: MachinePaths, walls: Walls): MachinePaths {
  if (walls.unconfined || walls.without.includes("qemu-view")) return paths;
  return {
    image: "/image",
    sockets: "/sockets",
    exports: paths.exports.map((one) => ({ ...one, path: `/export/${one.name}` })),
  };
}

/** Without a user namespace QEMU is who runs the runtime, and so would be whoever breaks out of a machine. */
export function refuseUnconfinedRoot(uid = process.getuid?.()): void {
  if (uid !== 0) return;
  throw new PiworkError(
    "TASK_BOOTSTRAP_FAILED",
    "With --unconfined-qemu, QEMU would be root on this host, and so would whoever breaks out of a machine. Run it as an ordinary user.",
  );
}
