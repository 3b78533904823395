import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { taskId } from "../protocol/ids.ts";
import { removeTree } from "../workspace/remove-tree.ts";

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

  /** Takes a task's record: from then on the task is no more. What it kept is removed by `empty`. */
  throwAway(id: string, recordFile: string): void {
    const place = this.#place(id);
    mkdirSync(place, { recursive: true, mode: 0o700 });
    renameSync(recordFile, join(place, "record.json"));
  }

  /** Removes what was thrown away, by this runtime or an earlier one; gives what could not be removed, and why. */
  empty(): { id: string; error: unknown }[] {
    if (!existsSync(this.#directory)) return [];
    const left: { id: string; error: unknown }[] = [];
    for (const id of readdirSync(this.#directory).filter((name) => taskId.safeParse(name).success)) {
      try {
        this.#finish(id);
      } catch (error) {
        left.push({ id, error });
      }
    }
    return left;
  }

  #finish(id: string): void {
    const kept = join(this.#tasksDirectory, id);
    // Without the record nothing was thrown away yet.
    if (existsSync(join(this.#place(id), "record.json")) && existsSync(kept))
      renameSync(kept, join(this.#place(id), "kept"));
    removeTree(this.#place(id));
  }

  #place(id: string): string {
    return join(this.#directory, taskId.parse(id));
  }
}
