import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout that this file belongs to. */
export const REPO = resolve(import.meta.dirname, "../..");

/** Where things lie below the cache directory. Others keep theirs beside them. */
export interface CachePlaces {
  cache: string;
  /** What the runtime boots. */
  images: string;
  /** Package lists and packages. */
  apt: string;
  /** What guest/package-lock.json pins, installed, and npm's own cache. */
  npm: string;
  /** What we take out of kernel packages. */
  kernels: string;
  lock: string;
}

export function places(cache: string): CachePlaces {
  const dir = resolve(cache);
  const at = (name: string) => join(dir, name);
  return {
    cache: dir,
    images: at("images"),
    apt: at("apt"),
    npm: at("npm"),
    kernels: at("kernels"),
    lock: at("image.lock"),
  };
}

export const defaultCache = () => join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "piwork");
