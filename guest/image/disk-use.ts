import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ifThere } from "./if-there.ts";

/** Bytes of all files below `path`; 0 where there is nothing, as where a build moves things while we count. */
export async function diskUse(path: string): Promise<number> {
  const found = await ifThere(lstat(path));
  if (!found?.isDirectory()) return found?.size ?? 0;
  const names = (await ifThere(readdir(path))) ?? [];
  const sizes = await Promise.all(names.map((name) => diskUse(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
