import type { Restriction } from "../../../runtime/linux/mounts.ts";
import type { GivenFiles } from "../../../runtime/protocol/given-files.ts";
import type { GivenDirectory, IsGiven } from "../../walls/launch.ts";

/** How the tasks of a machine get their files: the guest's side of runtime/workspace/files.ts. */
export interface Files {
  /** Takes in what the host says, and does what shows the host that the files are here; disposed once a task has been opened with them. */
  accept(given: GivenFiles): Promise<Disposable>;
  /** uid of the files of tasks in this machine */
  owner(): number;
  open(task: string, folder: string | null): TaskFiles;
  /** Has everything that was written reach the host. */
  settle(): Promise<void>;
  /** Lets go of everything that a saved machine must not have; no task is open. */
  release(): Promise<void>;
}

/** The files of one task in this machine. */
export interface TaskFiles {
  /** Mounts a directory of the task at `target`, and in the sandboxes that have it; gives how its mount is told from any other. */
  show(name: GivenDirectory, target: string, flags: readonly Restriction[]): Promise<IsGiven>;
  /** Mounts the folder of a task that had none over its outputs; gives the same. */
  bind(folder: string, target: string): Promise<IsGiven>;
  /** The session as it was kept last; undefined where none was. */
  readSession(): Buffer | undefined;
  /** Keeps the session at the end of a turn: whole, or not at all. */
  keepSession(content: Buffer): void;
  close(): Promise<void>;
}
