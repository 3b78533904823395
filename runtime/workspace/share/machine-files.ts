import type { MountProof } from "../../protocol/share.ts";
import type { Export, FilePlaces, Handover, MachineFiles, MachineFilesSource, TaskFolder } from "../files.ts";
import { shareDevices } from "./devices.ts";
import { prove } from "./proof.ts";
import { Stage } from "./stage.ts";

/** The two exports of every machine; those of a machine with one task are empty, and what its task has is shown there later. */
export const SHARES = ["workspace", "tasks"] as const satisfies readonly MountProof["tag"][];

/** Exports the places as they are: the machine can reach the files of all tasks there. */
export class WholePlaces implements MachineFiles {
  readonly exports: readonly Export[];
  readonly view = [];
  readonly #places: FilePlaces;
  readonly #provesTasks: boolean;

  /** `provesTasks`: each task's directories are proven again when it is opened. */
  constructor(places: FilePlaces, provesTasks: boolean) {
    this.#places = places;
    this.#provesTasks = provesTasks;
    this.exports = SHARES.map((name) => ({ name, path: places[name], isReadOnly: false }));
  }

  deviceWords(seen: readonly Export[]): string[] {
    return shareDevices(seen);
  }

  greet(): Handover {
    return prove(SHARES.map((tag) => ({ tag, root: this.#places[tag], parts: [] })));
  }

  async give(task: TaskFolder): Promise<Handover> {
    return this.#provesTasks ? proveTask(task, this.#places) : prove([]);
  }

  async withdrawFolder(): Promise<void> {}

  async withdraw(): Promise<void> {}

  async close(): Promise<void> {}
}

/** Exports empty directories, and shows there what the one task of the machine has. */
class ShownPlaces implements MachineFiles {
  readonly exports: readonly Export[];
  readonly #machine: string;
  readonly #stage: Stage;
  readonly #places: FilePlaces;
  #hasOwn = false;
  #folder: string | null = null;

  constructor(machine: string, stage: Stage, places: FilePlaces) {
    this.#machine = machine;
    this.#stage = stage;
    this.#places = places;
    this.exports = stage.makeShares(machine);
  }

  get view(): readonly string[] {
    return this.#stage.prefix;
  }

  deviceWords(seen: readonly Export[]): string[] {
    return shareDevices(seen);
  }

  /** There is nothing yet that could be proven. */
  greet(): null {
    return null;
  }

  async give(task: TaskFolder, places = this.#places): Promise<Handover> {
    const own = ownDirectory(task);
    if (!this.#hasOwn) await this.#stage.show(this.#machine, "tasks", own, places.tasks, own);
    this.#hasOwn = true;
    const { folder } = task;
    if (folder !== null && this.#folder !== folder) {
      await this.withdrawFolder();
      const parts = folder.split("/");
      await this.#stage.show(this.#machine, "workspace", parts, places.workspace, parts);
      this.#folder = folder;
    }
    return proveTask(task, places);
  }

  async withdrawFolder(): Promise<void> {
    if (this.#folder === null) return;
    await this.#stage.hide(this.#machine, "workspace");
    this.#folder = null;
  }

  async withdraw(): Promise<void> {
    await this.#stage.hide(this.#machine);
    this.#hasOwn = false;
    this.#folder = null;
  }

  async close(): Promise<void> {
    await this.#stage.clear(this.#machine);
  }
}

/** Machines with one task each, and the view in which they are shown what their tasks have. */
export class ShownPlacesSource implements MachineFilesSource {
  readonly #places: FilePlaces;
  readonly #directory: string;
  #stage: Promise<Stage> | undefined;

  /** `directory` is made where there is none. */
  constructor(places: FilePlaces, directory: string) {
    this.#places = places;
    this.#directory = directory;
  }

  async prepare(): Promise<void> {
    await this.#open();
  }

  async open(machine: string): Promise<MachineFiles> {
    return new ShownPlaces(machine, await this.#open(), this.#places);
  }

  async close(): Promise<void> {
    const stage = await this.#stage?.catch(() => undefined);
    stage?.close();
  }

  /** Opened again where it has ended, with all that it showed. */
  async #open(): Promise<Stage> {
    if ((await this.#stage?.catch(() => undefined))?.isGone) this.#stage = undefined;
    this.#stage ??= Stage.open(this.#directory);
    return this.#stage;
  }
}

function proveTask(task: TaskFolder, places: FilePlaces): Handover {
  const { folder } = task;
  return prove([
    { tag: "tasks", root: places.tasks, parts: ownDirectory(task) },
    ...(folder === null ? [] : [{ tag: "workspace", root: places.workspace, parts: folder.split("/") } as const]),
  ]);
}

/** What a machine sees of a task's directory. */
function ownDirectory({ id }: TaskFolder): string[] {
  return [id, "guest"];
}
