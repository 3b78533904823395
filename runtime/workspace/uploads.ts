import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { openBeneath } from "../linux/open-beneath.ts";
import { invalidRequest, PiworkError } from "../protocol/errors.ts";
import { uploadName } from "../protocol/ids.ts";
import { LIMITS } from "../protocol/limits.ts";
import { stateFailure } from "../state/whole-file.ts";
import type { HostPlaces } from "./files.ts";

/** Removes what an import left that a crash has ended. */
export function removeDrafts(drafts: string): void {
  for (const name of readdirSync(drafts)) rmSync(join(drafts, name), { force: true });
}

/** Puts a file into a task's uploads: whole or not at all, and never over one that is there. The task can read it, not change it. */
export async function importUpload(
  { tasks, drafts }: Pick<HostPlaces, "tasks" | "drafts">,
  id: string,
  named: string,
  content: AsyncIterable<Buffer>,
): Promise<{ name: string; bytes: number }> {
  const parsed = uploadName.safeParse(named);
  if (!parsed.success) throw invalidRequest("the file name", parsed.error);
  const name = parsed.data;
  using place = openBeneath(tasks, [id, "guest", "uploads"]);
  const draft = join(drafts, randomBytes(8).toString("hex"));
  let fd: number | undefined;
  try {
    fd = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o400);
    let bytes = 0;
    for await (const piece of content) {
      bytes += piece.length;
      if (bytes > LIMITS.uploadBytes)
        throw new PiworkError("LIMIT_EXCEEDED", `A file that is imported has at most ${LIMITS.uploadBytes} bytes.`);
      for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at);
    }
    fchmodSync(fd, 0o444);
    fsyncSync(fd);
    linkSync(draft, `${place.path}/${name}`);
    return { name, bytes };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new PiworkError(
        "INVALID_REQUEST",
        `The task's uploads have a file '${name}' already; choose another name (--name).`,
      );
    throw stateFailure(error, "importing the file");
  } finally {
    if (fd !== undefined) closeSync(fd);
    rmSync(draft, { force: true });
  }
}
