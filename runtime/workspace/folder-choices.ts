import { mkdirSync } from "node:fs";
import type { FolderChoices } from "../api/files.ts";
import { openBeneath, printable } from "../linux/open-beneath.ts";
import { PiworkError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { showName, sortBy } from "./names.ts";
import { look, namesIn } from "./walk.ts";

/** The directories in a directory of the workspace; links to some are not among them, for no task is given one. */
export async function listFolders(root: string, path: string): Promise<FolderChoices> {
  using place = openBeneath(root, path === "" ? [] : path.split("/"));
  const folders: FolderChoices["folders"] = [];
  const listed = (truncated: boolean) => ({ folders: sortBy(folders, ({ name }) => name), truncated });
  for await (const names of namesIn(place)) {
    for (const bytes of names) {
      const { text: name, isText } = showName(bytes);
      const stats = await look(place, bytes);
      // A folder is named by text.
      if (!isText || stats?.isDirectory() !== true) continue;
      if (folders.length === LIMITS.listedEntries) return listed(true);
      folders.push({ name, usable: stats.uid === process.getuid?.() });
    }
  }
  return listed(false);
}

/** Makes one directory, in one that is there. */
export function makeFolder(root: string, path: string): void {
  const way = path.split("/");
  const name = way.pop() ?? "";
  using place = openBeneath(root, way);
  try {
    mkdirSync(`${place.path}/${name}`, 0o755);
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === "EEXIST";
    throw new PiworkError(
      isThere ? "INVALID_REQUEST" : "WORKSPACE_POLICY_VIOLATION",
      isThere
        ? `Something is called '${printable(name)}' there already; choose another name.`
        : `'${printable(name)}' cannot be made there (${(cause as NodeJS.ErrnoException).code}).`,
      { cause },
    );
  }
}
