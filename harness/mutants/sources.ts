import { createHash } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";

/** Files that git knows or would add, as paths from the root. */
export function sourceFiles(repository: string): string[] {
  const { stdout } = $.sync({
    quiet: true,
  })`git -C ${repository} ls-files -z --cached --others --exclude-standard`;
  const listed = stdout.split("\0").filter(Boolean);
  return [...new Set(listed)].filter((file) => isFile(join(repository, file))).sort();
}

/** Identifies what `files` are now. */
export function fingerprint(repository: string, files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) {
    const content = readFileSync(join(repository, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** A file that was removed is listed until that is committed. */
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
