import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { namesIn } from "../../runtime/state/absent.ts";
import { type Image, type ImageManifest, imageDirs, readImage } from "../../runtime/state/image.ts";
import { assembleImage } from "./assemble.ts";
import { compareFiles } from "./from-manifest.ts";
import { lockCache } from "./lock.ts";
import type { CachePlaces } from "./places.ts";
import { type BuildOptions, downloadPlan, type ImagePlan, planImage } from "./plan.ts";
import type { BuildProgress } from "./progress.ts";

/** Images that stay when another one is published. A machine that runs from a removed one keeps its open files. */
const IMAGES_KEPT = 6;

export interface BuildResult extends Image {
  /** Nothing was built: an image of the same inputs was there. */
  cached: boolean;
}

/** Makes sure that there is an image of today's inputs, and says where. */
export async function buildImage(options: BuildOptions): Promise<BuildResult> {
  const { places, progress, signal } = options;
  using _lock = await useCache(places, progress, signal);
  await progress.step("remove what an interrupted build left", () => removeLeftovers(places));

  const wanted = await planImage(options);
  const present = await usePresent(imageDir(places, wanted));
  if (present) {
    checkFiles(options, present.manifest);
    return { ...present, cached: true };
  }

  const plan = await downloadPlan(wanted, options);
  const building = join(places.images, `.building-${process.pid}-${randomBytes(4).toString("hex")}`);
  try {
    const manifest = await assembleImage(plan, join(building, "image"), join(building, "scratch"), options);
    checkFiles(options, manifest);
    const dir = imageDir(places, plan);
    await progress.step("publish the image", async () => {
      // One that is there and not whole; nobody uses it, and a rename needs its place empty.
      await rm(dir, { recursive: true, force: true });
      await rename(join(building, "image"), dir);
      await removeOldest(places);
    });
    return { dir, manifest, cached: false };
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

const checkFiles = ({ from }: BuildOptions, made: ImageManifest) => {
  if (from) compareFiles(from, made);
};

/** Makes the cache and waits until it is ours alone. */
export async function useCache(places: CachePlaces, progress: BuildProgress, signal: AbortSignal): Promise<Disposable> {
  await progress.step("prepare the cache", () => mkdir(places.images, { recursive: true }));
  return progress.step("wait for another build in this cache to end", () => lockCache(places.lock, signal));
}

const imageDir = (places: CachePlaces, plan: ImagePlan) => join(places.images, plan.inputs.slice(0, 16));

/** The image in `dir` if it is whole, now the newest of its recipe: the runtime takes the newest. */
async function usePresent(dir: string): Promise<Image | undefined> {
  const image = readImage(dir);
  const now = new Date();
  if (image) await utimes(join(dir, "manifest.json"), now, now);
  return image;
}

/** Each change of the guest's sources makes an image; only the last few are worth their disk. */
async function removeOldest({ cache }: CachePlaces): Promise<void> {
  const aged = await Promise.all(imageDirs(cache).map(async (dir) => ({ dir, time: (await stat(dir)).ctimeMs })));
  const old = aged.sort((a, b) => b.time - a.time).slice(IMAGES_KEPT);
  for (const { dir } of old) await rm(dir, { recursive: true, force: true });
}

/**
 * We hold the cache's lock, so whatever is still being built belongs to a builder that is no more. A program that it
 * had started may still be writing for a moment: hence the retries.
 */
async function removeLeftovers({ images, npm, apt, kernels }: CachePlaces): Promise<void> {
  for (const dir of [images, npm, apt, kernels])
    for (const name of namesIn(dir))
      if (name.startsWith(".")) await rm(join(dir, name), { recursive: true, force: true, maxRetries: 10 });
}
