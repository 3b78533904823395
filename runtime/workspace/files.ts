import type { Area, Listing, Preview } from "../api/files.ts";
import type { TaskUsage } from "../api/record.ts";
import type { GivenFiles } from "../protocol/given-files.ts";
import type { Isolation } from "../protocol/kinds.ts";

/**
 * A way of giving tasks their files (docs/adr/0001). The rest of the runtime knows no more of it than what stands here, and the
 * rest of the guest no more than guest/taskd/files/files.ts.
 */
export interface FilesPath {
  /** QEMU's words for the devices of every machine, wherever its files are: a saved machine can only go on with the same devices. */
  readonly deviceWords: readonly string[];
  /** The files of a machine that all tasks share. */
  forAllTasks(places: FilePlaces): MachineFiles;
  /** The files of a machine that becomes a template: those of its rehearsal. */
  forTemplate(places: FilePlaces): MachineFiles;
  /** The files of machines with one task each. `scratch` is an existing private directory. */
  forSingleTasks(places: FilePlaces, scratch: string): MachineFilesSource;
  /** What tasks have on this host. */
  onHost(places: HostPlaces): HostFiles;
  /** What the kernels of a machine and of this host show, where all is well. */
  readonly expected: ExpectedFiles;
}

/** Where files of tasks are on this host. */
export interface FilePlaces {
  /** real path of the workspace root, below which the folders of tasks are */
  workspace: string;
  /** has a directory for each task: its outputs, uploads, home and session */
  tasks: string;
}

export interface HostPlaces extends FilePlaces {
  /** where files that are imported arrive until they are whole; on the same file system as `tasks` */
  drafts: string;
}

/** A task, as far as its files matter. */
export interface TaskFolder {
  id: string;
  /** relative to the workspace root; null: the task works in its outputs */
  folder: string | null;
}

/** Makes the files of each machine that will have a single task. */
export interface MachineFilesSource {
  /** Has ready what every machine needs; refuses where this host cannot give it. */
  prepare(): Promise<void>;
  open(machine: string): Promise<MachineFiles>;
  close(): Promise<void>;
}

/** What one machine has of the host's files. */
export interface MachineFiles {
  /** what QEMU is shown of the host */
  readonly exports: readonly Export[];
  /** a command line that runs another one where these exports can be reached */
  readonly view: readonly string[];
  /** QEMU's words for its devices; `seen` are the exports by the paths that QEMU sees */
  deviceWords(seen: readonly Export[]): string[];
  /** What the machine is told when it is greeted for the first time; null: nothing. */
  greet(): Handover | null;
  /** Lets the machine have the files of a task that is opened, or of one that is open and gets its folder now. */
  give(task: TaskFolder, places?: FilePlaces): Promise<Handover>;
  /** Takes the folder back that was given last, and that the task did not get. */
  withdrawFolder(): Promise<void>;
  /** Takes everything back that was given, so that the machine can have another task. */
  withdraw(): Promise<void>;
  /** Removes what was made for the machine, which has ended. */
  close(): Promise<void>;
}

/** Something of this host that QEMU sees. */
export interface Export {
  name: string;
  path: string;
  isReadOnly: boolean;
}

/** What a machine is told of files, and how to see that it has these very files; it is disposed when the machine has answered. */
export interface Handover extends Disposable {
  readonly message: GivenFiles;
  /** Throws unless the machine, which has answered, has the files that it should have. */
  check(): void;
}

/** The files of tasks on this host, whether or not a machine has them. */
export interface HostFiles {
  /** Makes the directories of a task, where they are missing. */
  makeDirectories(task: string): void;
  /** Where a person finds an area of a task's files. */
  directory(task: TaskFolder, area: Area): TaskDirectory;
  list(task: TaskFolder, area: Area, path: string): Promise<Listing>;
  /** The first bytes of a file, `most` of them. */
  preview(task: TaskFolder, area: Area, path: string, most: number): Preview;
  /** Puts a file into the task's uploads: whole or not at all, and never over one that is there. */
  importUpload(task: string, name: string, content: AsyncIterable<Buffer>): Promise<{ name: string; bytes: number }>;
  /** How much the task has in its folder, outputs, home and session. */
  measure(task: TaskFolder, signal?: AbortSignal): Promise<TaskUsage>;
}

/** A directory of a task: where it begins, and the way down from there. */
export interface TaskDirectory {
  root: string;
  parts: readonly string[];
}

/** A mount in a machine, as taskd tells of it. */
interface GuestMount {
  target: string;
  type: string;
  options: string;
}

export interface ExpectedFiles {
  /** Those mounts of a machine that give tasks their files. */
  mounts<M extends GuestMount>(mounts: readonly M[]): M[];
  /** What taskd mounts for tasks that are open in a machine, how often it should be there, and how often it is. */
  inMachine(
    open: readonly TaskFolder[],
    mounts: readonly GuestMount[],
  ): { what: string; count: number; found: number }[];
  /** What QEMU should see of this host for a task, or for all tasks of a machine that they share. */
  exported(isolation: Isolation, places: FilePlaces, task: TaskFolder | null): ExportedDirectory[];
  /** Whether an export of a machine of its own holds nothing but the places at which its task's directories are shown. */
  isEmptyRoot(isolation: Isolation, at: string): boolean;
}

/** A directory of this host, and where QEMU sees it below its exports. */
export interface ExportedDirectory {
  at: string;
  from: string;
}
