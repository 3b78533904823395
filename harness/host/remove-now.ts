import { $ } from "zx";

/** Closed directories first: an ordinary user could not look into them. */
const REMOVE = 'chmod -R u+rwX -- "$1" 2>/dev/null; exec rm -rf -- "$1"';

/** Removes a tree before it returns, also while this process ends; one that a task made may be too deep for rmSync. */
export function removeNow(directory: string): void {
  const { exitCode, stderr } = $.sync({ quiet: true, nothrow: true })`sh -c ${REMOVE} remove ${directory}`;
  if (exitCode !== 0) throw new Error(`${directory} could not be removed: ${stderr.slice(-500)}`);
}
