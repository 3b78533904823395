import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PiworkError } from "../protocol/errors.ts";
import { taskId } from "../protocol/ids.ts";
import { type TaskRecord, taskRecord } from "../protocol/record.ts";

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
        const record = taskRecord.parse(JSON.parse(readFileSync(path, "utf8")));
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
    return { records: records.sort((a, b) => a.createdAt.localeCompare(b.createdAt)), broken };
  }

  write(record: TaskRecord): void {
    const path = join(this.#directory, `${taskId.parse(record.id)}.json`);
    const draft = `${path}.draft`;
    const fd = openSync(draft, "w", 0o600);
    try {
      writeSync(fd, `${JSON.stringify(record, null, 2)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
  }
}

/** The directories of a task that a machine sees. */
export function makeGuestDirectories(tasksDirectory: string, id: string): void {
  for (const name of ["session", "outputs", "uploads", "home"]) {
    mkdirSync(join(tasksDirectory, taskId.parse(id), "guest", name), { recursive: true, mode: 0o700 });
  }
}
