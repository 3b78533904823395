import { lstat, mkdir, realpath, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ifThere } from "./if-there.ts";
import { StepError } from "./step-error.ts";

/*
 * Places in the root that an image is made of. Packages may bring links that lead out of it, to files of the person who builds. Nothing
 * else changes the root meanwhile, so what was looked at stays as it was.
 */

/** The directory `path` of `root`, made where it is missing. */
export async function directoryIn(root: string, path: string): Promise<string> {
  let place = root;
  for (const name of path.split("/")) {
    place = join(place, name);
    const found = await ifThere(lstat(place));
    if (found === undefined) await mkdir(place);
    else if (!found.isDirectory()) throw leadsOut(place);
  }
  return place;
}

/** Where to write the file `path` of `root`, or a link or a new directory. Removes what a package has put there. */
export async function newIn(root: string, path: string): Promise<string> {
  const place = join(await directoryIn(root, dirname(path)), basename(path));
  await rm(place, { recursive: true, force: true });
  return place;
}

/** The file or directory to read at `path`, which may be a link to another one of `root`. */
export async function existingIn(root: string, path: string): Promise<string> {
  const place = await realpath(join(root, path));
  if (!place.startsWith(`${await realpath(root)}/`)) throw leadsOut(join(root, path));
  return place;
}

const leadsOut = (place: string) =>
  new StepError(
    `a package brings ${place} as a link, which may lead out of the image`,
    "Take that package off the list.",
  );
