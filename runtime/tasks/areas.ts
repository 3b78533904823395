import type { Area } from "../api/files.ts";
import type { TaskRecord } from "../api/record.ts";
import type { TaskDirectory } from "../workspace/listing.ts";

/** Where the files of a task are on the host. Without a folder it works in its outputs. */
export function areaOf(
  { workspace, tasksDirectory }: { workspace: string; tasksDirectory: string },
  { id, folder }: Pick<TaskRecord, "id" | "folder">,
  area: Area,
): TaskDirectory {
  if (area === "folder" && folder !== null) return { root: workspace, parts: folder.split("/") };
  return { root: tasksDirectory, parts: [id, "guest", area === "folder" ? "outputs" : area] };
}
