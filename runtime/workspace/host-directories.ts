import type { Area, Listing, Preview } from "../api/files.ts";
import type { TaskUsage, Usage } from "../api/record.ts";
import { openBeneath } from "../linux/open-beneath.ts";
import type { HostFiles, HostPlaces, TaskDirectory, TaskFolder } from "./files.ts";
import { makeGuestDirectories } from "./guest-directories.ts";
import { listDirectory, previewFile } from "./listing.ts";
import { importUpload } from "./uploads.ts";
import { addUsage, measureUsage } from "./usage.ts";

/** Uploads are left out: only the host writes there. */
const MEASURED = ["outputs", "home", "session"] as const;
const NOTHING: Usage = { bytes: 0, entries: 0, unreached: 0 };

/** The files of tasks are in directories of the host: the folder, and one for each area. */
export class HostDirectories implements HostFiles {
  readonly #places: HostPlaces;

  constructor(places: HostPlaces) {
    this.#places = places;
  }

  makeDirectories(task: string): void {
    makeGuestDirectories(this.#places.tasks, task);
  }

  directory({ id, folder }: TaskFolder, area: Area): TaskDirectory {
    if (area === "folder" && folder !== null) return { root: this.#places.workspace, parts: folder.split("/") };
    return this.#own(id, area === "folder" ? "outputs" : area);
  }

  list(task: TaskFolder, area: Area, path: string): Promise<Listing> {
    return listDirectory(this.directory(task, area), path);
  }

  preview(task: TaskFolder, area: Area, path: string, most: number): Preview {
    return previewFile(this.directory(task, area), path, most);
  }

  importUpload(task: string, name: string, content: AsyncIterable<Buffer>): Promise<{ name: string; bytes: number }> {
    return importUpload(this.#places, task, name, content);
  }

  async measure(task: TaskFolder, signal?: AbortSignal): Promise<TaskUsage> {
    let kept = NOTHING;
    for (const name of MEASURED) kept = addUsage(kept, await measure(this.#own(task.id, name), signal));
    const folder = task.folder === null ? null : await measure(this.directory(task, "folder"), signal);
    return { folder, kept };
  }

  #own(task: string, name: string): TaskDirectory {
    return { root: this.#places.tasks, parts: [task, "guest", name] };
  }
}

async function measure({ root, parts }: TaskDirectory, signal: AbortSignal | undefined): Promise<Usage> {
  using place = openBeneath(root, parts);
  return await measureUsage(place, signal);
}
