import * as z from "zod";
import { LIMITS } from "../protocol/limits.ts";

/** Where a task has files: its folder, what it hands out, and what it was given. */
export const area = z.enum(["folder", "outputs", "uploads"]);
export type Area = z.infer<typeof area>;

const entry = z.strictObject({
  /** as it is; one that is not UTF-8 has each byte above 7f as \xNN, each backslash doubled, and `nameBytes` */
  name: z.string(),
  /** base64 of a name that is not UTF-8 */
  nameBytes: z.string().optional(),
  type: z.enum(["file", "directory", "symlink", "fifo", "socket", "device", "other"]),
  bytes: z.number().int().nonnegative(),
  modifiedAt: z.iso.datetime(),
  /** permissions, set-id and sticky bits, as an octal number */
  mode: z.string(),
  /** where a symlink leads, as it says itself; it is never followed */
  target: z.string().optional(),
});
export type Entry = z.infer<typeof entry>;

export const listing = z.strictObject({
  entries: z.array(entry).max(LIMITS.listedEntries),
  /** there are more; which of them are listed is up to the file system */
  truncated: z.boolean(),
});
export type Listing = z.infer<typeof listing>;

export const preview = z.strictObject({
  /** size of the whole file */
  bytes: z.number().int().nonnegative(),
  /** the content is only its beginning */
  truncated: z.boolean(),
  /** base64 */
  content: z.string(),
});
export type Preview = z.infer<typeof preview>;

const folderChoice = z.strictObject({
  name: z.string(),
  /** it belongs to the user who runs the runtime, without which a task could not work in it */
  usable: z.boolean(),
});

/** Directories of the workspace that a task could be given, one level of them. */
export const folderChoices = z.strictObject({
  folders: z.array(folderChoice).max(LIMITS.listedEntries),
  /** there are more */
  truncated: z.boolean(),
});
export type FolderChoices = z.infer<typeof folderChoices>;

const change = z.strictObject({
  /** relative to the task's folder; names that are not UTF-8 as in a listing */
  path: z.string(),
  kind: z.enum(["created", "modified", "deleted"]),
  type: entry.shape.type,
  /** null for what is not there any more */
  bytes: z.number().int().nonnegative().nullable(),
});
export type Change = z.infer<typeof change>;

/** What is different in a task's folder since it was given to the task; by the task or by anyone else. */
export const changes = z.strictObject({
  since: z.iso.datetime(),
  changes: z.array(change).max(LIMITS.listedChanges),
  /** not everything was looked at, or listed */
  truncated: z.boolean(),
  /** how the folder was at first is known, as a whole; otherwise deletions are not told, and what was created counts as modified */
  hasBeginning: z.boolean(),
});
export type Changes = z.infer<typeof changes>;

const finding = z.strictObject({
  /** relative to the task's folder; names that are not UTF-8 as in a listing */
  path: z.string(),
  kind: z.enum(["leaves", "set-id", "special", "runs", "unreadable"]),
  why: z.string(),
  /** it was made or changed after the task was created; by the task or by anyone else */
  changedSinceTask: z.boolean(),
});
export type Finding = z.infer<typeof finding>;

/** What in a task's folder is dangerous to whoever works in it on the host. */
export const planted = z.strictObject({
  findings: z.array(finding).max(LIMITS.plantedFindings),
  /** not everything was looked at: too many findings, too many files, or too little time */
  truncated: z.boolean(),
});
export type Planted = z.infer<typeof planted>;
