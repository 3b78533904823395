import { join, resolve } from "node:path";

/** The checkout that this file belongs to. */
export const REPO = resolve(import.meta.dirname, "../..");

export type CachePlaces = ReturnType<typeof places>;

/** Where things lie below the cache directory. Others keep theirs beside them. */
export function places(cache: string) {
  const dir = resolve(cache);
  return {
    cache: dir,
    /** What the runtime boots. */
    images: join(dir, "images"),
    /** Package lists and packages. */
    apt: join(dir, "apt"),
    /** What guest/package-lock.json pins, installed, and npm's own cache. */
    npm: join(dir, "npm"),
    /** What we take out of kernel packages. */
    kernels: join(dir, "kernels"),
    lock: join(dir, "image.lock"),
  };
}
