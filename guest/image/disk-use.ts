import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of all files below `path`; 0 where there is nothing. */
export async function diskUse(path: string): Promise<number> {
  try {
    const found = await lstat(path);
    if (!found.isDirectory()) return found.size;
    const sizes = await Promise.all((await readdir(path)).map((name) => diskUse(join(path, name))));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    // A build may be moving things while we count.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
