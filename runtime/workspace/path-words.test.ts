import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const REPOSITORY = join(import.meta.dirname, "../..");

/** Words of path I. Whoever uses one of them knows how a task gets its files. */
const WORDS =
  /(?<![0-9a-z])9p|virtfs|fsdev|mount_tag|mount.?proof|share.?proof|share.?devices|unmount.?shares|stage\.show|make.?shares|piwork-mount-|(\.|workspace|files)\/share\/|protocol\/share/i;

/** Where that is known, and why. */
const EXCEPTIONS: Record<string, string> = {
  "runtime/workspace/share/": "the path itself, on the host",
  "guest/taskd/files/share/": "the path itself, in the guest",
  "runtime/protocol/share.ts": "what both say to each other",
  "runtime/workspace/paths.ts": "chooses the path",
  "guest/taskd/files/paths.ts": "has all paths",
  "guest/image/modules.ts": "puts the kernel modules of all paths into the image",
  "runtime/dump/contradictions/consistent.fixture.ts": "has what the kernel of a machine says where all is well",
  "runtime/workspace/path-words.test.ts": "has the words that are looked for",
};

test("nothing outside of a path knows how a task gets its files", () => {
  const found: string[] = [];
  const used = new Set<string>();
  for (const file of ["runtime", "guest"].flatMap((room) => sources(room))) {
    const lines = readFileSync(join(REPOSITORY, file), "utf8").split("\n");
    const named = lines.flatMap((line, index) => (WORDS.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
    const exception = Object.keys(EXCEPTIONS).find((allowed) => file.startsWith(allowed));
    if (exception === undefined) found.push(...named);
    else if (named.length > 0) used.add(exception);
  }
  assert.deepEqual(found, []);
  assert.deepEqual([...used].sort(), Object.keys(EXCEPTIONS).sort(), "an exception that nothing needs");
});

function sources(directory: string): string[] {
  return readdirSync(join(REPOSITORY, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : sources(path);
    return /\.(tsx?|mjs|sh)$/.test(entry.name) ? [path] : [];
  });
}
