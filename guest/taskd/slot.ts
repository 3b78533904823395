import { chownSync, existsSync, mkdirSync, rmdirSync } from "node:fs";
import { openBeneath, type Place } from "../../runtime/protocol/open-beneath.ts";
import { removeTree } from "../../runtime/protocol/remove-tree.ts";
import { TASK_UID } from "../../runtime/protocol/rpc.ts";
import type { TaskDirectories } from "../walls/sandbox.ts";
import { bindPlace, PRIVATE_ROOT, sharePath, unmount } from "./shares.ts";

/** The place of one task in this machine: its directories, and what stands at /work. */
export class Slot {
  readonly directories: TaskDirectories;
  readonly #taskId: string;
  readonly #root: string;
  /** how many mounts lie on the work directory */
  #mounts = 0;

  constructor(taskId: string) {
    const own = `${sharePath("tasks")}/${taskId}/guest`;
    this.#taskId = taskId;
    this.#root = `${PRIVATE_ROOT}/slots/${taskId}`;
    this.directories = {
      work: `${this.#root}/work`,
      tmp: `${this.#root}/tmp`,
      session: `${this.#root}/session`,
      outputs: `${own}/outputs`,
      uploads: `${own}/uploads`,
      home: `${own}/home`,
    };
  }

  /** Whether anything can run in it. */
  get isReady(): boolean {
    return this.#mounts > 0;
  }

  /** Makes the directories, and mounts the folder, or the outputs where there is none. */
  async mount(folder: string | null): Promise<void> {
    if (this.isReady) return;
    for (const name of ["outputs", "uploads", "home"]) this.own(name)[Symbol.dispose]();
    const { work, tmp, session } = this.directories;
    mkdirSync(work, { recursive: true });
    for (const directory of [tmp, session]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      chownSync(directory, TASK_UID, TASK_UID);
    }
    using place = folder === null ? this.own("outputs") : openFolder(folder);
    await bindPlace(place, work);
    this.#mounts++;
  }

  /** Mounts a folder over the outputs; what runs already sees it at /work from now on. */
  async bind(folder: string): Promise<void> {
    using place = openFolder(folder);
    await bindPlace(place, this.directories.work);
    this.#mounts++;
  }

  /** One of the task's own directories on the host. */
  own(name: string): Place {
    return openBeneath(sharePath("tasks"), [this.#taskId, "guest", name]);
  }

  async remove(): Promise<void> {
    for (; this.#mounts > 0; this.#mounts--) await unmount(this.directories.work);
    if (!existsSync(this.#root)) return;
    const { work, tmp, session } = this.directories;
    // Never recursively: were a folder still mounted here, it would be the user's files.
    rmdirSync(work);
    for (const directory of [tmp, session]) removeTree(directory);
    rmdirSync(this.#root);
  }
}

function openFolder(folder: string): Place {
  return openBeneath(sharePath("workspace"), folder.split("/"));
}
