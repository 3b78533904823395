import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { taskId } from "../protocol/ids.ts";

/** The directories of a task that a machine sees. */
export function makeGuestDirectories(tasksDirectory: string, id: string): void {
  for (const name of ["session", "outputs", "uploads", "home"]) {
    mkdirSync(join(tasksDirectory, taskId.parse(id), "guest", name), { recursive: true, mode: 0o700 });
  }
}
