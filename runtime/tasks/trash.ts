import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { renameSynced } from "../linux/atomic-file.ts";
import { taskId } from "../protocol/ids.ts";
import { removeTree } from "../workspace/remove-tree.ts";

/**
 * Where deleted tasks go first. A machine cannot reach it, so nothing moves under the hands of who removes it; and what
 * a crash leaves there is removed by the next runtime.
 */
export class Trash {
  readonly #directory: string;
  readonly #tasksDirectory: string;
  readonly #warn: (message: string, facts: Record<string, unknown>) => void;

  constructor(
    directory: string,
    tasksDirectory: string,
    warn: (message: string, facts: Record<string, unknown>) => void,
  ) {
    this.#directory = directory;
    this.#tasksDirectory = tasksDirectory;
    this.#warn = warn;
  }

  /** Takes a task's record: from then on the task is no more. What it kept is removed by `finish`. */
  throwAway(id: string, recordFile: string): void {
    const place = this.#place(id);
    mkdirSync(place, { recursive: true, mode: 0o700 });
    renameSynced(recordFile, join(place, "record.json"));
  }

  /** Finishes what an earlier runtime has thrown away. */
  async empty(): Promise<void> {
    if (!existsSync(this.#directory)) return;
    for (const id of readdirSync(this.#directory).filter((name) => taskId.safeParse(name).success))
      await this.finish(id);
  }

  /** Removes what a task kept that was thrown away; what cannot be removed is left to the next runtime. */
  async finish(id: string): Promise<void> {
    const kept = join(this.#tasksDirectory, id);
    try {
      // Without the record nothing was thrown away yet.
      if (existsSync(join(this.#place(id), "record.json")) && existsSync(kept))
        renameSynced(kept, join(this.#place(id), "kept"));
      await removeTree(this.#place(id));
    } catch (error) {
      this.#warn("a deleted task could not be removed", { id, error });
    }
  }

  #place(id: string): string {
    return join(this.#directory, taskId.parse(id));
  }
}
