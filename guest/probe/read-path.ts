import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { speak } from "./output.ts";
import type { ProbeTurn } from "./turns.ts";

/** Most that is said of a file, in bytes: its beginning. */
const READ_BYTES = 50 * 1024;

/** Reads a file in this process, not in a command, and says what it holds or why it could not. */
export async function readPath(_turn: ProbeTurn, path: string): Promise<string> {
  try {
    // Without O_NONBLOCK, a pipe that nobody writes to would hold the turn for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return speak(await text(file.createReadStream({ end: READ_BYTES - 1 })));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return speak(code ?? message);
  }
}
