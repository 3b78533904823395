import { createWriteStream, mkdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Changes } from "../api/files.ts";
import type { TaskRecord } from "../api/record.ts";
import { type FolderBaseline, findChanges, fromLines, linesOf, lookAtFolder } from "../workspace/changes.ts";
import type { TaskDirectory } from "../workspace/files.ts";

/** How the folder of each task was before the task could write to it. Machines never see these. */
export class FolderBaselines {
  readonly #directory: string;
  readonly #workspace: string;
  readonly #warn: (message: string, facts: Record<string, unknown>) => void;

  constructor(directory: string, workspace: string, warn: (message: string, facts: Record<string, unknown>) => void) {
    this.#directory = directory;
    this.#workspace = workspace;
    this.#warn = warn;
  }

  /** Without it a task works as well; only less can be said of what it changed. */
  async take({ id, folder }: Pick<TaskRecord, "id" | "folder">): Promise<void> {
    if (folder === null) return;
    try {
      const seen = await lookAtFolder({ root: this.#workspace, parts: folder.split("/") });
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      // Half a file is known by its first line.
      await pipeline(linesOf(seen), createWriteStream(this.#file(id), { mode: 0o600 }));
    } catch (error) {
      this.#warn("how a folder was at first could not be kept", { task: id, error });
    }
  }

  forget(id: string): void {
    rmSync(this.#file(id), { force: true });
  }

  async changes({ id, folder, createdAt }: TaskRecord, directory: TaskDirectory): Promise<Changes> {
    // Without a folder it works in its outputs, which began empty.
    const empty: FolderBaseline = { takenAt: createdAt, isWhole: true, entries: new Map() };
    return findChanges(directory, folder === null ? empty : await this.#read(id), new Date(createdAt));
  }

  async #read(id: string): Promise<FolderBaseline | undefined> {
    try {
      await using file = await open(this.#file(id));
      return await fromLines(file.readLines());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        this.#warn("how a folder was at first cannot be read", { task: id, error });
      return undefined;
    }
  }

  #file(id: string): string {
    return join(this.#directory, `${id}.json`);
  }
}
