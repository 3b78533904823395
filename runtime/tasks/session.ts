import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { openBeneath } from "../protocol/open-beneath.ts";
import { parseSessionHead, SESSION_FILE, SESSION_HEAD_BYTES, type SessionHead } from "../protocol/session.ts";

/** What a task's session file says of itself; undefined where there is none that can be read. A machine wrote it, so it may be anything. */
export function readSessionHead(tasksDirectory: string, id: string): SessionHead | undefined {
  let fd: number | undefined;
  try {
    using place = openBeneath(tasksDirectory, [id, "guest", "session"]);
    fd = openSync(`${place.path}/${SESSION_FILE}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFile()) return undefined;
    const beginning = Buffer.alloc(SESSION_HEAD_BYTES);
    const length = readSync(fd, beginning, 0, beginning.length, 0);
    return parseSessionHead(beginning.subarray(0, length).toString("utf8"));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
