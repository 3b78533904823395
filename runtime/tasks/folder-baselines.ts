import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Changes } from "../api/files.ts";
import type { TaskRecord } from "../api/record.ts";
import { writeAtomically } from "../linux/atomic-file.ts";
import { type FolderBaseline, findChanges, folderBaseline, lookAtFolder } from "../workspace/changes.ts";
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
      writeAtomically(this.#file(id), JSON.stringify(seen), { isFleeting: true });
    } catch (error) {
      this.#warn("how a folder was at first could not be kept", { task: id, error });
    }
  }

  forget(id: string): void {
    rmSync(this.#file(id), { force: true });
  }

  async changes({ id, folder, createdAt }: TaskRecord, directory: TaskDirectory): Promise<Changes> {
    // Without a folder it works in its outputs, which began empty.
    const empty: FolderBaseline = { version: 1, takenAt: createdAt, isWhole: true, entries: [] };
    return findChanges(directory, folder === null ? empty : this.#read(id), new Date(createdAt));
  }

  #read(id: string): FolderBaseline | undefined {
    try {
      return folderBaseline.parse(JSON.parse(readFileSync(this.#file(id), "utf8")));
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
