import { readSync } from "node:fs";
import { openBeneath } from "../linux/open-beneath.ts";
import { openRegularFile } from "../linux/open-regular.ts";
import { parseSessionHead, SESSION_FILE, SESSION_HEAD_BYTES, type SessionHead } from "../protocol/session.ts";

/** A task's session file, by its first line. A machine wrote it, so it may be anything. */
export function lookAtSession(tasksDirectory: string, id: string): SessionHead | "absent" | "unreadable" {
  try {
    using place = openBeneath(tasksDirectory, [id, "guest", "session"]);
    using file = openRegularFile(place, SESSION_FILE);
    if (file === undefined) return "absent";
    const beginning = Buffer.alloc(SESSION_HEAD_BYTES);
    const length = readSync(file.fd, beginning, 0, beginning.length, 0);
    return parseSessionHead(beginning.subarray(0, length).toString("utf8")) ?? "unreadable";
  } catch {
    return "unreadable";
  }
}

/** What a task's session file says of itself; undefined where there is none that can be read. */
export function readSessionHead(tasksDirectory: string, id: string): SessionHead | undefined {
  const found = lookAtSession(tasksDirectory, id);
  return typeof found === "string" ? undefined : found;
}
