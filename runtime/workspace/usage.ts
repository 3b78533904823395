import type { Usage } from "../api/record.ts";
import type { Place } from "../linux/open-beneath.ts";
import { policyViolation } from "../protocol/errors.ts";
import { walk } from "./walk.ts";

/** Bytes of one block as `stat` counts them, whatever the file system's own are. */
const BLOCK = 512;

/**
 * How much is in a directory. Of each file counts the larger of its length and what is allocated for it: space that is
 * allocated fills this disk (a file of one byte takes a block, and space can be reserved beyond a file's end), and a long file
 * with holes fills whatever it is copied to. Whoever has several names counts once.
 */
export async function measureUsage(root: Place, signal?: AbortSignal): Promise<Usage> {
  const usage: Usage = { bytes: 0, entries: 0, unreached: 0 };
  const seen = new Set<string>();
  const walked = walk(
    root,
    ({ stats }) => {
      usage.entries++;
      if (stats.nlink > 1 && !stats.isDirectory()) {
        const identity = `${stats.dev}:${stats.ino}`;
        if (seen.has(identity)) return;
        seen.add(identity);
      }
      // What a device is called its size is not on this disk.
      const length = stats.isFile() || stats.isSymbolicLink() || stats.isDirectory() ? stats.size : 0;
      usage.bytes += Math.max(length, stats.blocks * BLOCK);
    },
    { signal, unreached: () => usage.unreached++ },
  );
  await walked.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EACCES" && error.code !== "EPERM") throw error;
    throw policyViolation(
      "What a task has added cannot be measured: one of its own directories may not be read.",
      error,
    );
  });
  return usage;
}

export function addUsage(one: Usage, other: Usage): Usage {
  return {
    bytes: one.bytes + other.bytes,
    entries: one.entries + other.entries,
    unreached: one.unreached + other.unreached,
  };
}
