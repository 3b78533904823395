import * as z from "zod";
import { LIMITS } from "../protocol/limits.ts";

export const area = z.enum(["folder", "outputs", "uploads"]).meta({
  title: "area",
  description: "Directory of a task. `folder` means its outputs where the task has no folder.",
});
export type Area = z.infer<typeof area>;

const entry = z
  .strictObject({
    name: z
      .string()
      .describe(
        "Name. In a name that is not UTF-8, each byte above 7f is written as `\\xNN` and each backslash is doubled.",
      ),
    nameBytes: z.string().optional().describe("Bytes of a name that is not UTF-8, in base64."),
    type: z
      .enum(["file", "directory", "symlink", "fifo", "socket", "device", "other"])
      .describe("Type of the file; symlinks are not followed."),
    bytes: z.int().nonnegative().describe("Size in bytes."),
    modifiedAt: z.iso.datetime().describe("Time of the last modification."),
    mode: z.string().describe("Permissions, set-id and sticky bits, as an octal number."),
    target: z.string().optional().describe("Target of a symlink, as written in the link."),
  })
  .meta({ title: "listing entry", description: "Entry of a task's directory." });
export type Entry = z.infer<typeof entry>;

export const listing = z
  .strictObject({
    entries: z.array(entry).max(LIMITS.listedEntries).describe("Entries of the directory."),
    truncated: z.boolean().describe("Whether there are more entries. The file system decides which ones are listed."),
  })
  .meta({ title: "listing", description: "Contents of a task's directory." });
export type Listing = z.infer<typeof listing>;

export const preview = z
  .strictObject({
    bytes: z.int().nonnegative().describe("Size of the whole file, in bytes."),
    truncated: z.boolean().describe("Whether the content is only the beginning of the file."),
    content: z.string().describe("Content, in base64."),
  })
  .meta({ title: "preview", description: "Beginning of a file." });
export type Preview = z.infer<typeof preview>;

const folderChoice = z.strictObject({
  name: z.string().describe("Name of the directory."),
  usable: z.boolean().describe("Whether a task can work in the directory: it belongs to the runtime's user."),
});

export const folderChoices = z
  .strictObject({
    folders: z.array(folderChoice).max(LIMITS.listedEntries).describe("Directories of one level; links are left out."),
    truncated: z.boolean().describe("Whether there are more directories."),
  })
  .meta({ title: "folder choices", description: "Directories of the workspace that a task could have as its folder." });
export type FolderChoices = z.infer<typeof folderChoices>;

const pathInFolder = z
  .string()
  .describe("Path relative to the task's folder; names that are not UTF-8 are written as in a listing.");

const change = z
  .strictObject({
    path: pathInFolder,
    kind: z.enum(["created", "modified", "deleted"]).describe("Kind of change."),
    type: entry.shape.type,
    bytes: z.int().nonnegative().nullable().describe("Size in bytes; null for a deleted file."),
  })
  .meta({ title: "change", description: "File of a task's folder that is different." });
export type Change = z.infer<typeof change>;

export const changes = z
  .strictObject({
    since: z.iso.datetime().describe("Time at which the task was given the folder."),
    changes: z.array(change).max(LIMITS.listedChanges).describe("Files that are different now."),
    truncated: z.boolean().describe("Whether some files were not compared or not listed."),
    hasBeginning: z
      .boolean()
      .describe(
        "Whether the first state of the folder is known as a whole. Without it, deletions are missing and new files count as modified.",
      ),
  })
  .meta({
    title: "changes",
    description: "Differences in a task's folder since the task was given it, made by the task or anyone else.",
  });
export type Changes = z.infer<typeof changes>;

const finding = z
  .strictObject({
    path: pathInFolder,
    kind: z
      .enum(["leaves", "set-id", "special", "runs", "unreadable"])
      .describe(
        "`leaves`: a link out of the folder. `set-id`: a set-id file. `special`: a device, FIFO or socket. `runs`: a file that tools of the host run. `unreadable`: a directory or settings file that could not be checked.",
      ),
    why: z.string().describe("Explanation for a person."),
    changedSinceTask: z
      .boolean()
      .describe("Whether the file was made or changed after the task was created, by the task or anyone else."),
  })
  .meta({ title: "finding", description: "File of a task's folder that is dangerous on the host." });
export type Finding = z.infer<typeof finding>;

export const planted = z
  .strictObject({
    findings: z.array(finding).max(LIMITS.plantedFindings).describe("Dangerous files."),
    truncated: z
      .boolean()
      .describe("Whether some files were not checked: too many findings, too many files, or too little time."),
  })
  .meta({
    title: "planted",
    description: "Files of a task's folder that are dangerous to a person who works there on the host.",
  });
export type Planted = z.infer<typeof planted>;
