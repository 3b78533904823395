import type { Mutant } from "../../harness/mutants/mutant.ts";
import { unit } from "./unit.ts";

/** Folders, imports, and looks at what tasks have. */
export const workspace: readonly Mutant[] = [
  {
    id: "import-replaces",
    file: "runtime/workspace/uploads.ts",
    find: "linkSync(draft, `${place.path}/${name}`);",
    replace: "rmSync(`${place.path}/${name}`, { force: true });\n    linkSync(draft, `${place.path}/${name}`);",
    loses: "An import replaces a file that was imported before.",
    ...unit("runtime/workspace/uploads.test.ts"),
  },
  {
    id: "only-equal-folders-refused",
    file: "runtime/workspace/folder.ts",
    find: `return one.includes(other.at(-1) ?? "") || other.includes(one.at(-1) ?? "");`,
    replace: "return one.at(-1) === other.at(-1);",
    loses: "A task is given a folder that holds the folder of another open task.",
    noticedBy: "folder.apart",
  },
  {
    id: "state-in-workspace",
    file: "runtime/workspace/folder.ts",
    find: "if (!a.startsWith(b) && !b.startsWith(a)) return;",
    replace: "if (!a.startsWith(b) || !b.startsWith(a)) return;",
    loses:
      "A workspace that holds the state is accepted: a task can have the records, sessions and provider keys of all as its folder.",
    ...unit("runtime/workspace/folder.test.ts"),
  },
  {
    id: "linked-folder",
    file: "runtime/linux/open-beneath.ts",
    find: "O_PATH | constants.O_NOFOLLOW | constants.O_DIRECTORY",
    replace: "O_PATH | constants.O_DIRECTORY",
    loses:
      "A link that a task puts in the place of a directory leads listings, previews, sessions and folders out to anything of the host.",
    ...unit("runtime/linux/open-beneath.test.ts"),
  },
  {
    id: "linked-file",
    file: "runtime/linux/open-regular.ts",
    find: "O_PATH | constants.O_NOFOLLOW",
    replace: "O_PATH",
    loses:
      "A link that a task puts in the place of a file is read through: the host's own files in previews, and any file of the machine by its root as a session.",
    ...unit("runtime/linux/open-regular.test.ts"),
  },
  {
    id: "dots-allowed",
    file: "runtime/linux/open-beneath.ts",
    find: `part === "." || part === ".." ||`,
    replace: `part === "." ||`,
    loses: "A path with '..' in it leads above a task's folder.",
    ...unit("runtime/linux/open-beneath.test.ts"),
  },
  {
    id: "quiet-change",
    file: "runtime/workspace/changes.ts",
    find: "stats.ino, stats.ctimeMs]",
    replace: "stats.ino, stats.mtimeMs]",
    loses:
      "A file that a task changed at the same length, with its time set back, is not among the changes that the user looks through.",
    ...unit("runtime/workspace/changes.test.ts"),
  },
];
