import { readSync, type Stats } from "node:fs";
import { readlink } from "node:fs/promises";
import type { Entry, Listing, Preview } from "../api/files.ts";
import { openBeneath, type Place } from "../linux/open-beneath.ts";
import { openRegularFile } from "../linux/open-regular.ts";
import { PiworkError, policyViolation } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { TaskDirectory } from "./files.ts";
import { showName, sortBy } from "./names.ts";
import { look, namesIn, pathOf } from "./walk.ts";

/** What is in a directory of a task, sorted by name; of a very large one only some. */
export async function listDirectory({ root, parts }: TaskDirectory, path: string): Promise<Listing> {
  using place = openBeneath(root, [...parts, ...split(path)]);
  const entries: Entry[] = [];
  const listed = (truncated: boolean) => ({ entries: sortBy(entries, ({ name }) => name), truncated });
  for await (const names of namesIn(place)) {
    for (const name of names) {
      if (entries.length === LIMITS.listedEntries) return listed(true);
      const stats = await look(place, name);
      if (stats !== undefined) entries.push(await describe(place, name, stats));
    }
  }
  return listed(false);
}

/** The beginning of a regular file of a task. Anything else is refused, and never waited for. */
export function previewFile({ root, parts }: TaskDirectory, path: string, most = LIMITS.previewBytes): Preview {
  const way = split(path);
  const name = way.pop();
  if (name === undefined) throw new PiworkError("INVALID_REQUEST", "Name a file; 'piwork files' lists them.");
  using place = openBeneath(root, [...parts, ...way]);
  using file = readable(place, name, path);
  const content = Buffer.alloc(Math.min(file.stats.size, most));
  let length = 0;
  while (length < content.length) {
    const read = readSync(file.fd, content, length, content.length - length, length);
    if (read === 0) break; // it has become shorter meanwhile
    length += read;
  }
  const { size } = file.stats;
  return {
    bytes: size,
    truncated: size > most,
    content: content.subarray(0, length).toString("base64"),
  };
}

function readable(place: Place, name: string, path: string) {
  let file: ReturnType<typeof openRegularFile>;
  try {
    file = openRegularFile(place, name);
  } catch (cause) {
    if (cause instanceof PiworkError) throw cause;
    throw policyViolation(
      `${JSON.stringify(path)} cannot be read (${(cause as NodeJS.ErrnoException).code}); see that its mode lets you.`,
      cause,
    );
  }
  if (file !== undefined) return file;
  throw new PiworkError(
    "INVALID_REQUEST",
    `The task has no file ${JSON.stringify(path)} there; 'piwork files' lists what it has.`,
  );
}

function split(path: string): string[] {
  return path === "" ? [] : path.split("/");
}

async function describe(place: Place, name: Buffer, stats: Stats): Promise<Entry> {
  const { text, isText } = showName(name);
  const target = stats.isSymbolicLink() ? await readTarget(place, name) : undefined;
  return {
    name: text,
    ...(isText ? {} : { nameBytes: name.toString("base64") }),
    type: typeOf(stats),
    bytes: stats.size,
    modifiedAt: timeOf(stats.mtimeMs),
    mode: (stats.mode & 0o7777).toString(8).padStart(4, "0"),
    ...(target === undefined ? {} : { target: showName(target).text }),
  };
}

/** Where a link leads, as it says itself; undefined where it is none any more. */
export async function readTarget(place: Place, name: Buffer): Promise<Buffer | undefined> {
  return readlink(pathOf(place, name), "buffer").catch(() => undefined);
}

/** A task may set any time, also one that dates cannot say. */
function timeOf(milliseconds: number): string {
  const latest = Date.UTC(9999, 11, 31);
  return new Date(Math.min(Math.max(milliseconds, 0), latest)).toISOString();
}

export function typeOf(stats: Stats): Entry["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isFIFO()) return "fifo";
  if (stats.isSocket()) return "socket";
  return stats.isBlockDevice() || stats.isCharacterDevice() ? "device" : "other";
}
