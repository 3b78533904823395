import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { CheckResult } from "../../runtime/api/bundle.ts";
import { redactText } from "../../runtime/log/redaction.ts";

/** Kept of one log: what was written while a check ran, and a little of before. */
const MOST_BYTES = 6 * 1024;
const BEFORE_BYTES = 1024;
/** Logs that are kept of one failure, those with most to say. */
const MOST_LOGS = 6;

interface Mark {
  inode: number;
  size: number;
}

/** The logs of a run, to be read from where they were when a check began. */
export class Excerpts {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Where each log ends now. */
  mark(): ReadonlyMap<string, Mark> {
    return new Map(
      this.#logs().map((file) => {
        const { ino: inode, size } = statSync(join(this.#directory, file));
        return [file, { inode, size }];
      }),
    );
  }

  /** What was logged since then, with a little of what stood before. */
  since(marks: ReadonlyMap<string, Mark>): NonNullable<CheckResult["logs"]> {
    const grown = this.#logs().flatMap((file) => {
      const found = readFrom(join(this.#directory, file), marks.get(file));
      return found === undefined ? [] : { file, ...found };
    });
    return grown
      .sort((one, other) => other.added - one.added)
      .slice(0, MOST_LOGS)
      .map(({ file, text }) => ({ file, text: redactText(text) }));
  }

  #logs(): string[] {
    return readdirSync(this.#directory, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".log"));
  }
}

function readFrom(path: string, mark: Mark | undefined): { added: number; text: string } | undefined {
  const file = openSync(path, "r");
  try {
    const { ino, size } = fstatSync(file);
    // One that was begun anew is new as a whole.
    const from = mark?.inode === ino && mark.size <= size ? mark.size : 0;
    if (size === from) return undefined;
    const start = Math.max(0, from - BEFORE_BYTES, size - MOST_BYTES);
    const buffer = Buffer.alloc(size - start);
    const text = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, start)).toString("utf8");
    return { added: size - from, text: start === 0 ? text : text.slice(text.indexOf("\n") + 1) };
  } finally {
    closeSync(file);
  }
}
