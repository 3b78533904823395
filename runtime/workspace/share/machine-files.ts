import type { Export, FilePlaces, Handover, MachineFiles, MachineFilesSource, TaskFolder } from "../files.ts";
import { optionValue } from "../qemu-option.ts";
import { prove } from "./proof.ts";
import { SHARES, Stage } from "./stage.ts";

/** QEMU's words for shares. `none` keeps real modes and owners, so that a person can use what an agent made. */
export function shareDevices(exports: readonly Pick<Export, "name" | "path">[]): string[] {
  return exports.flatMap(({ name, path }) => [
    ...["-fsdev", `local,id=${name},path=${optionValue(path)},security_model=none,multidevs=remap`],
    ...["-device", `virtio-9p-pci,fsdev=${name},mount_tag=${name}`],
  ]);
}

const nothing = async () => {};

/** Exports the places as they are: the machine reaches the files of all tasks. `provesTasks`: those of each are proven when it is opened. */
export function exportAll(places: FilePlaces, { provesTasks }: { provesTasks: boolean }): MachineFiles {
  return {
    exports: SHARES.map((name) => ({ name, path: places[name], isReadOnly: false })),
    view: [],
    deviceWords: shareDevices,
    greet: () => prove(SHARES.map((tag) => ({ tag, root: places[tag], parts: [] }))),
    give: async (task) => (provesTasks ? proveTask(task, places) : prove([])),
    withdrawFolder: nothing,
    withdraw: nothing,
    close: nothing,
  };
}

/** Exports empty directories, and shows in them what the one task of the machine has. */
function exportShown(machine: string, stage: Stage, places: FilePlaces): MachineFiles {
  let hasOwn = false;
  let folder: string | null = null;
  const withdrawFolder = async () => {
    if (folder === null) return;
    await stage.hide(machine, "workspace");
    folder = null;
  };
  return {
    exports: stage.makeShares(machine),
    view: stage.prefix,
    deviceWords: shareDevices,
    greet: () => null,
    async give(task, from = places) {
      if (!hasOwn) await stage.show(machine, "tasks", from.tasks, ownDirectory(task));
      hasOwn = true;
      if (task.folder !== null && task.folder !== folder) {
        await withdrawFolder();
        await stage.show(machine, "workspace", from.workspace, task.folder.split("/"));
        folder = task.folder;
      }
      return proveTask(task, from);
    },
    withdrawFolder,
    async withdraw() {
      await stage.hide(machine);
      hasOwn = false;
      folder = null;
    },
    close: () => stage.clear(machine),
  };
}

/** Machines of single tasks, with a stage in `directory` that shows them what their tasks have. */
export function exportSingly(places: FilePlaces, directory: string): MachineFilesSource {
  let opened: Promise<Stage> | undefined;
  /** Opened again where it has ended, with all that it showed. */
  const openStage = async () => {
    if ((await opened?.catch(() => undefined))?.isGone) opened = undefined;
    opened ??= Stage.open(directory);
    return opened;
  };
  return {
    async prepare() {
      await openStage();
    },
    open: async (machine) => exportShown(machine, await openStage(), places),
    async close() {
      const stage = await opened?.catch(() => undefined);
      stage?.close();
    },
  };
}

function proveTask(task: TaskFolder, places: FilePlaces): Handover {
  const own = { tag: "tasks", root: places.tasks, parts: ownDirectory(task) } as const;
  if (task.folder === null) return prove([own]);
  return prove([own, { tag: "workspace", root: places.workspace, parts: task.folder.split("/") }]);
}

/** What a machine sees of a task's directory. */
function ownDirectory({ id }: TaskFolder): string[] {
  return [id, "guest"];
}
