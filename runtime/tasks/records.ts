import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseTaskRecord, type TaskRecord } from "../api/record.ts";
import { writeAtomically } from "../linux/atomic-file.ts";
import { PiworkError } from "../protocol/errors.ts";
import { taskId } from "../protocol/ids.ts";

/** The task records of one state directory: a file each, whole or absent, never half. */
export class Records {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Every record, oldest first, and the files that are none. */
  readAll(): { records: TaskRecord[]; broken: PiworkError[] } {
    const records: TaskRecord[] = [];
    const broken: PiworkError[] = [];
    for (const file of readdirSync(this.#directory)) {
      if (!file.endsWith(".json")) continue;
      const path = join(this.#directory, file);
      try {
        const record = parseTaskRecord(JSON.parse(readFileSync(path, "utf8")));
        if (`${record.id}.json` !== file) throw new Error(`it is named for another task than it holds, ${record.id}`);
        records.push(record);
      } catch (cause) {
        broken.push(
          new PiworkError(
            "INTERNAL_ERROR",
            `The task record ${path} cannot be read; the task is left out. Mend the file, or move it away.`,
            { cause },
          ),
        );
      }
    }
    return { records: records.sort((a, b) => a.createdAt.localeCompare(b.createdAt, "en")), broken };
  }

  write(record: TaskRecord): void {
    writeAtomically(this.file(record.id), `${JSON.stringify(record, null, 2)}\n`);
  }

  /** Where the record of a task is. */
  file(id: string): string {
    return join(this.#directory, `${taskId.parse(id)}.json`);
  }

  /** The task that was active last, if that is known. */
  readActive(): string | undefined {
    try {
      return readFileSync(this.#activeFile, "utf8").trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  writeActive(id: string): void {
    writeAtomically(this.#activeFile, `${id}\n`);
  }

  get #activeFile(): string {
    return join(this.#directory, "active");
  }
}
