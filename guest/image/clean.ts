import { rm } from "node:fs/promises";
import { findImage, imageDirs } from "../../runtime/state/image.ts";
import { useCache } from "./build.ts";
import { diskUse } from "./disk-use.ts";
import { type CachePlaces, REPO } from "./places.ts";
import type { BuildProgress } from "./progress.ts";

/**
 * Removes all images and downloads, or only the images that this checkout does not boot: another checkout of the same cache then has
 * to build its own again. The lock file stays: whoever waits for it must wait for the same one as the next.
 */
export async function cleanImages(places: CachePlaces, onlyOld: boolean, progress: BuildProgress, signal: AbortSignal) {
  using _cache = await useCache(places, progress, signal);
  const paths = onlyOld ? oldImages(places) : [places.images, places.kernels, places.apt, places.npm];
  const removed: { path: string; bytes: number }[] = [];
  for (const path of paths)
    await progress.step(`remove ${path}`, async () => {
      const bytes = await diskUse(path);
      await rm(path, { recursive: true, force: true });
      if (bytes > 0) removed.push({ path, bytes });
    });
  return removed;
}

function oldImages({ cache }: CachePlaces): string[] {
  const current = findImage(cache, REPO)?.dir;
  return imageDirs(cache).filter((dir) => dir !== current);
}
