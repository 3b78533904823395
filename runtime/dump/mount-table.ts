import { realpathSync } from "node:fs";
import { join, relative } from "node:path";
import type { Mount } from "../linux/mountinfo.ts";

/**
 * The name on this host of what is mounted somewhere else. A directory can have several: this always gives the same one, so that
 * two of these names can be compared.
 */
export function nameHere({ device, root }: Pick<Mount, "device" | "root">, own: readonly Mount[]): string {
  const holding = own
    .filter((mount) => mount.device === device && isIn(root, mount.root))
    .sort((a, b) => b.root.length - a.root.length || a.target.localeCompare(b.target, "en"))[0];
  return holding === undefined
    ? `${root} (of a file system that is not mounted here)`
    : below(holding.target, holding.root, root);
}

/** Where a path leads; one that leads nowhere stays as it is. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** The same name of a directory of this host. */
export function nameOf(path: string, own: readonly Mount[]): string {
  const real = realPath(path);
  const mount = own
    .filter(({ target }) => isIn(real, target))
    .sort((a, b) => a.target.length - b.target.length)
    .at(-1);
  return mount === undefined
    ? real
    : nameHere({ device: mount.device, root: below(mount.root, mount.target, real) }, own);
}

function isIn(path: string, directory: string): boolean {
  return directory === "/" || path === directory || path.startsWith(`${directory}/`);
}

/** Where `path`, which lies in `from`, is when that is called `to`. */
function below(to: string, from: string, path: string): string {
  return join(to, relative(from, path));
}
