import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from "node:fs";

/**
 * Removes a directory that nobody else can reach, whatever a task made in it: however deep, however named, whatever its modes.
 * Directories inside are first moved to the top, so that no path gets long and nothing is followed.
 */
export function removeTree(directory: string): void {
  if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    return rmSync(directory, { force: true });
  chmodSync(directory, 0o700);
  let moved = 0;
  const empty = (place: string) => {
    for (const name of readdirSync(place, { encoding: "buffer" })) {
      const path = Buffer.concat([Buffer.from(`${place}/`), name]);
      if (!lstatSync(path).isDirectory()) unlinkSync(path);
      else {
        chmodSync(path, 0o700);
        // Names at the top are ours by now: what had one of these was moved, or is removed, before.
        if (place !== directory || !isOurs(name)) renameSync(path, nextPlace());
      }
    }
  };
  const nextPlace = (): string => {
    do moved++;
    while (lstatSync(`${directory}/${prefix}${moved}`, { throwIfNoEntry: false }) !== undefined);
    return `${directory}/${prefix}${moved}`;
  };
  empty(directory);
  for (let inner = firstInner(directory); inner !== undefined; inner = firstInner(directory)) {
    empty(inner);
    rmdirSync(inner);
  }
  rmdirSync(directory);
}

const prefix = ".piwork-removed-";

function isOurs(name: Buffer): boolean {
  return name.toString("latin1").startsWith(prefix);
}

function firstInner(directory: string): string | undefined {
  const [first] = readdirSync(directory);
  return first === undefined ? undefined : `${directory}/${first}`;
}
