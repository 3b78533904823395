import type { Usage } from "../api/record.ts";
import { openBeneath } from "../linux/open-beneath.ts";
import type { HostFiles, HostPlaces, TaskDirectory } from "./files.ts";
import { makeGuestDirectories } from "./guest-directories.ts";
import { listDirectory, previewFile } from "./listing.ts";
import { importUpload } from "./uploads.ts";
import { addUsage, measureUsage } from "./usage.ts";

/** Uploads are left out: only the host writes there. */
const MEASURED = ["outputs", "home", "session"] as const;
const NOTHING: Usage = { bytes: 0, entries: 0, unreached: 0 };

/** The files of tasks are in directories of the host: the folder, and one for each area. */
export function hostDirectories(places: HostPlaces): HostFiles {
  const own = (task: string, name: string) => ({ root: places.tasks, parts: [task, "guest", name] });
  const directory: HostFiles["directory"] = ({ id, folder }, area) =>
    area === "folder" && folder !== null
      ? { root: places.workspace, parts: folder.split("/") }
      : own(id, area === "folder" ? "outputs" : area);
  return {
    makeDirectories: (task) => makeGuestDirectories(places.tasks, task),
    directory,
    list: (task, area, path) => listDirectory(directory(task, area), path),
    preview: (task, area, path, most) => previewFile(directory(task, area), path, most),
    importUpload: (task, name, content) => importUpload(places, task, name, content),
    async measure(task, signal) {
      let kept = NOTHING;
      for (const name of MEASURED) kept = addUsage(kept, await measure(own(task.id, name), signal));
      const folder = task.folder === null ? null : await measure(directory(task, "folder"), signal);
      return { folder, kept };
    },
  };
}

async function measure({ root, parts }: TaskDirectory, signal: AbortSignal | undefined): Promise<Usage> {
  using place = openBeneath(root, parts);
  return await measureUsage(place, signal);
}
