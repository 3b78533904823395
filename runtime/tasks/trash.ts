import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { taskId } from "../protocol/ids.ts";

/**
 * Where deleted tasks go first. A machine cannot reach it, so nothing moves under the hands of who removes it; and what
 * a crash leaves there is removed by the next runtime.
 */
export class Trash {
  readonly #directory: string;
  readonly #tasksDirectory: string;

  constructor(directory: string, tasksDirectory: string) {
    this.#directory = directory;
    this.#tasksDirectory = tasksDirectory;
  }

  /** Takes a task's record, which ends the task, then what it kept, and removes both. */
  throwAway(id: string, recordFile: string): void {
    const place = this.#place(id);
    mkdirSync(place, { recursive: true, mode: 0o700 });
    renameSync(recordFile, join(place, "record.json"));
    this.#finish(id);
  }

  /** Finishes what an earlier runtime began. */
  empty(): void {
    if (!existsSync(this.#directory)) return;
    for (const id of readdirSync(this.#directory)) if (taskId.safeParse(id).success) this.#finish(id);
  }

  #finish(id: string): void {
    const kept = join(this.#tasksDirectory, id);
    // Without the record nothing was thrown away yet.
    if (existsSync(join(this.#place(id), "record.json")) && existsSync(kept))
      renameSync(kept, join(this.#place(id), "kept"));
    rmSync(this.#place(id), { recursive: true, force: true });
  }

  #place(id: string): string {
    return join(this.#directory, taskId.parse(id));
  }
}
