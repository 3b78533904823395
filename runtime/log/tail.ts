import { readSync } from "node:fs";
import { openBeneath } from "../linux/open-beneath.ts";
import { openRegularFile } from "../linux/open-regular.ts";
import { LIMITS } from "../protocol/limits.ts";

/** The last whole lines of a log. */
export function readLogTail(directory: string, name: "piwork" | "qemu"): { text: string; truncated: boolean } {
  using place = openBeneath(directory, []);
  using file = openRegularFile(place, `${name}.log`);
  if (file === undefined) return { text: "", truncated: false };
  const content = Buffer.alloc(Math.min(file.stats.size, LIMITS.logTailBytes));
  const start = file.stats.size - content.length;
  const read = readSync(file.fd, content, 0, content.length, start);
  const text = content.subarray(0, read).toString("utf8");
  return start === 0 ? { text, truncated: false } : { text: text.slice(text.indexOf("\n") + 1), truncated: true };
}
