import type { MachineLayer } from "../protocol/layers.ts";

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
  /** the exported directories, by the tag of their share */
  exports: Readonly<Record<string, string>>;
  /** the exported directories hold nothing of their own: what is shown in them later can be written, they can not */
  staged?: boolean;
}

/** The same things as QEMU sees them behind these walls, from how the host sees them. */
export function seenByQemu(paths: MachinePaths, walls: Walls): MachinePaths {
  if (walls.unconfined || walls.without.includes("qemu-view")) return paths;
  const tags = Object.keys(paths.exports);
  return {
    image: "/image",
    sockets: "/sockets",
    exports: Object.fromEntries(tags.map((tag) => [tag, `/export/${tag}`])),
  };
}
