import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { speak } from "./output.ts";
import type { ProbeTurn } from "./turns.ts";

/** Most that is said of a file, in bytes: its beginning. */
const READ_BYTES = 50 * 1024;

/** Reads a file in this process, not in a command, and says what it holds or why it could not. */
export async function readPath(_turn: ProbeTurn, path: string): Promise<string> {
  return speak(await contentOf(path).catch((error: NodeJS.ErrnoException) => error.code ?? error.message));
}

async function contentOf(path: string): Promise<string> {
  // Without O_NONBLOCK, a pipe that nobody writes to would hold the turn for ever.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const content = Buffer.alloc(READ_BYTES);
    let length = 0;
    while (length < READ_BYTES) {
      const { bytesRead } = await file.read(content, length, READ_BYTES - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return content.toString("utf8", 0, length);
  } finally {
    await file.close();
  }
}
