import type { Place } from "../../runtime/linux/open-beneath.ts";
import { openRegularFile } from "../../runtime/linux/open-regular.ts";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";

/** The bytes of a session's file; undefined where nothing is. Anything but a regular file of bearable size is refused. */
export function readSession(place: Place, name: string): Buffer | undefined {
  using file = openRegularFile(place, name);
  if (file === undefined) return undefined;
  const content = file.readAtMost(LIMITS.sessionBytes);
  if (content === undefined)
    throw new PiworkError("LIMIT_EXCEEDED", `A session has at most ${LIMITS.sessionBytes} bytes.`);
  return content;
}
