import { rm } from "node:fs/promises";
import { findImage, imageDirs } from "../../runtime/state/image.ts";
import { useCache } from "./build.ts";
import { diskUse } from "./disk-use.ts";
import { type CachePlaces, REPO } from "./places.ts";
import type { BuildProgress } from "./progress.ts";

export interface Removed {
  path: string;
  bytes: number;
}

/** Removes all images and downloads. The lock file stays: whoever waits for it must wait for the same one as the next. */
export async function cleanImages(
  places: CachePlaces,
  progress: BuildProgress,
  signal: AbortSignal,
): Promise<Removed[]> {
  return remove(places, progress, signal, () => [places.images, places.kernels, places.apt, places.npm]);
}

/** Removes the images that this checkout does not boot. Another checkout of the same cache then has to build its own again. */
export async function cleanOldImages(
  places: CachePlaces,
  progress: BuildProgress,
  signal: AbortSignal,
): Promise<Removed[]> {
  return remove(places, progress, signal, () => {
    const current = findImage(places.cache, REPO)?.dir;
    return imageDirs(places.cache).filter((dir) => dir !== current);
  });
}

async function remove(
  places: CachePlaces,
  progress: BuildProgress,
  signal: AbortSignal,
  paths: () => string[],
): Promise<Removed[]> {
  using _cache = await useCache(places, progress, signal);
  const removed: Removed[] = [];
  for (const path of paths())
    await progress.step(`remove ${path}`, async () => {
      const bytes = await diskUse(path);
      await rm(path, { recursive: true, force: true });
      if (bytes > 0) removed.push({ path, bytes });
    });
  return removed;
}
