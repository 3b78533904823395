import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { writeAtomically } from "../../runtime/linux/atomic-file.ts";
import { FACTS_IN_SANDBOX, MEMORY_EVENTS_IN_SANDBOX, PROVIDERS_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { NetworkNamespace } from "../network/namespace.ts";
import type { Outlet } from "../network/outlet.ts";
import { Group } from "../walls/group.ts";
import {
  type Confinement,
  GIVEN_DIRECTORIES,
  type GivenDirectory,
  type IsGiven,
  type TaskDirectories,
} from "../walls/launch.ts";
import { Sandbox } from "../walls/sandbox.ts";
import { Spare } from "../walls/spare.ts";
import type { TaskFiles } from "./files/files.ts";
import { mountTerminals, mountTmpfs, PRIVATE_ROOT, unmount } from "./mounting.ts";

/** The first user id of tasks in their user namespaces; each slot of a machine gets the next one. */
const FIRST_USER = 30_001;
let slots = 0;

/** Where a task finds what it is told. */
const TOLD = [FACTS_IN_SANDBOX, PROVIDERS_IN_SANDBOX] as const;

/** What a task runs in: directories, memory, terminals, a network and a control group, all made before it is known which task gets it. */
export class Slot {
  readonly confinement: Confinement;
  readonly #group: Group;
  readonly #network: NetworkNamespace;
  readonly #connections: Disposable;
  readonly #root: string;
  readonly #directories: TaskDirectories;
  /** what is mounted, the last of it last */
  readonly #mounted: string[] = [];
  #files: TaskFiles | undefined;
  #task: string | undefined;
  #spare: Spare | undefined;
  #isRemoved = false;

  /** Throws, naming the layer, where its control group cannot have its bounds. */
  private constructor(owner: number, network: NetworkNamespace, outlet: Outlet) {
    const number = ++slots;
    const user = FIRST_USER + number - 1;
    this.#root = `${PRIVATE_ROOT}/slots/${number}`;
    const at = (name: string) => `${this.#root}/${name}`;
    this.#directories = {
      work: at("work"),
      outputs: at("outputs"),
      uploads: at("uploads"),
      home: at("home"),
      tmp: at("tmp"),
      session: at("session"),
      terminals: at("terminals"),
      facts: at("facts"),
    };
    const accounts = { passwd: at("passwd"), group: at("group") };
    this.#group = new Group(`slot-${number}`);
    this.#network = network;
    this.#connections = outlet.serve(network.listener, () => this.#task);
    for (const directory of Object.values(this.#directories)) mkdirSync(directory, { recursive: true });
    writeFileSync(accounts.passwd, `task:x:${user}:${user}:task:/home/task:/bin/bash\n`);
    writeFileSync(accounts.group, `task:x:${user}:\n`);
    writeFileSync(join(this.#directories.facts, basename(MEMORY_EVENTS_IN_SANDBOX)), ""); // where the kernel's own is shown
    this.confinement = {
      directories: this.#directories,
      accounts,
      group: this.#group.directory,
      memoryBytes: LIMITS.taskMemoryBytes,
      network: { path: network.path, name: network.name },
      owner,
      user,
      given: {},
    };
  }

  /** Makes one for tasks whose files this user owns. */
  static async make(owner: number, outlet: Outlet): Promise<Slot> {
    const network = await NetworkNamespace.make();
    let slot: Slot | undefined;
    try {
      slot = new Slot(owner, network, outlet);
      const { tmp, session, terminals } = slot.#directories;
      const memory = { bytes: LIMITS.tmpBytes, files: LIMITS.tmpFiles, owner, mode: "1777" };
      // The session has a place of its own: a full /tmp must not keep a turn from being saved.
      const sessionMemory = { bytes: 2 * LIMITS.sessionBytes, files: 1024, owner, mode: "0700" };
      await slot.#keep(tmp, mountTmpfs(tmp, memory));
      await slot.#keep(session, mountTmpfs(session, sessionMemory));
      await slot.#keep(terminals, mountTerminals(terminals));
      return slot;
    } catch (error) {
      if (slot === undefined) network[Symbol.dispose]();
      else await slot.remove();
      throw error;
    }
  }

  /** Starts a command in it, in the sandbox that waits for one if it does. */
  run(argv: readonly string[]): Sandbox {
    const spare = this.#spare;
    if (spare?.waits !== true) return new Sandbox(this.confinement, "/work", argv);
    this.#spare = undefined;
    return spare.run(argv);
  }

  /** Has a sandbox wait for the next command. */
  keepSpare(): void {
    if (this.#isRemoved || this.#spare?.waits === true) return;
    this.#spare?.kill();
    this.#spare = new Spare(this.confinement);
  }

  /** Processes in it, without those of the sandbox that waits. */
  get processes(): number {
    // First, what may only become more meanwhile: a process too many is looked at again, one too few would be forgotten.
    const spare = this.#spare?.processes ?? 0;
    return this.#group.processes - spare;
  }

  /** Tells whatever runs in it what is in one of these files, whole; it can read them, and only root can write them. */
  tell(file: (typeof TOLD)[number], content: object): void {
    const path = join(this.#directories.facts, basename(file));
    writeAtomically(path, JSON.stringify(content), { mode: 0o644 });
  }

  /** Lets all that runs in it use this much memory, in bytes. */
  setMemory(bytes: number): void {
    // A bound that somebody has changed is to be seen when the walls are read back, and not to be mended.
    if (bytes === this.confinement.memoryBytes) return;
    this.#group.setMemory(bytes);
    this.confinement.memoryBytes = bytes;
  }

  /** Gives it to a task: shows the task's directories in it. The files are closed with the slot. */
  async give(taskId: string, files: TaskFiles): Promise<void> {
    this.#files = files;
    this.#task = taskId;
    // Together: each on its own would wait for the one before. All have ended before the slot may be removed.
    const shown = await Promise.allSettled(
      GIVEN_DIRECTORIES.map((name) => {
        const target = this.#directories[name];
        return this.#show(name, files.show(name, target, name === "uploads" ? ["readonly"] : []));
      }),
    );
    for (const one of shown) if (one.status === "rejected") throw one.reason;
  }

  /** Shows a folder over the outputs; what runs already sees it at /work from now on. */
  async bind(folder: string): Promise<void> {
    await this.#show("work", this.files.bind(folder, this.#directories.work));
  }

  get files(): TaskFiles {
    if (this.#files === undefined) throw new Error("the slot belongs to no task yet");
    return this.#files;
  }

  /** Ends whatever still runs in it, and takes it away. */
  async remove(): Promise<void> {
    this.#isRemoved = true;
    this.#spare?.kill();
    this.#task = undefined;
    await this.#group.remove();
    this.#connections[Symbol.dispose]();
    this.#network[Symbol.dispose]();
    await this.#files?.close();
    this.#files = undefined;
    for (let target = this.#mounted.pop(); target !== undefined; target = this.#mounted.pop()) await unmount(target);
    if (!existsSync(this.#root)) return;
    for (const file of [...TOLD, MEMORY_EVENTS_IN_SANDBOX])
      rmSync(join(this.#directories.facts, basename(file)), { force: true });
    // Never recursively: were a folder still mounted here, it would be the user's files.
    for (const directory of Object.values(this.#directories)) if (existsSync(directory)) rmdirSync(directory);
    for (const file of Object.values(this.confinement.accounts)) rmSync(file, { force: true });
    rmdirSync(this.#root);
  }

  async #show(name: GivenDirectory, showing: Promise<IsGiven>): Promise<void> {
    await this.#keep(
      this.#directories[name],
      showing.then((isGiven) => {
        this.confinement.given[name] = isGiven;
      }),
    );
  }

  async #keep(target: string, mounting: Promise<void>): Promise<void> {
    await mounting;
    this.#mounted.push(target);
  }
}
