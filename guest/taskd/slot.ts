import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { openBeneath, type Place } from "../../runtime/protocol/open-beneath.ts";
import { Group } from "../walls/group.ts";
import type { Confinement, TaskDirectories } from "../walls/launch.ts";
import { bindPlace, mountTerminals, mountTmpfs, PRIVATE_ROOT, sharePath, tasksOwner, unmount } from "./shares.ts";

/** The first user id of tasks in their user namespaces; each task of a machine gets the next one. */
const FIRST_USER = 30_001;
let users = 0;

/** The place of one task in this machine: its directories, what stands at /work, and its control group. */
export class Slot {
  readonly directories: TaskDirectories;
  readonly #user = FIRST_USER + users++;
  #group: Group | undefined;
  #confinement: Confinement | undefined;
  readonly #taskId: string;
  readonly #root: string;
  /** what is mounted, the last of it last; the folder is mounted over the outputs */
  readonly #mounted: string[] = [];

  constructor(taskId: string) {
    const own = `${sharePath("tasks")}/${taskId}/guest`;
    this.#taskId = taskId;
    this.#root = `${PRIVATE_ROOT}/slots/${taskId}`;
    this.directories = {
      work: `${this.#root}/work`,
      tmp: `${this.#root}/tmp`,
      session: `${this.#root}/session`,
      terminals: `${this.#root}/terminals`,
      outputs: `${own}/outputs`,
      uploads: `${own}/uploads`,
      home: `${own}/home`,
    };
  }

  /** What runs in it runs in this; undefined while nothing may. */
  get confinement(): Confinement | undefined {
    return this.#confinement;
  }

  /** What is mounted over. */
  get #places(): string[] {
    const { work, tmp, session, terminals } = this.directories;
    return [work, tmp, session, terminals];
  }

  get #accounts(): Confinement["accounts"] {
    return { passwd: `${this.#root}/passwd`, group: `${this.#root}/group` };
  }

  /** Makes the directories and the control group, and mounts the folder, or the outputs where there is none. */
  async mount(folder: string | null): Promise<void> {
    if (this.#confinement !== undefined) return;
    for (const name of ["outputs", "uploads", "home"]) this.own(name)[Symbol.dispose]();
    const group = new Group(this.#taskId);
    this.#group = group;
    const { work, tmp, session, terminals } = this.directories;
    for (const directory of this.#places) mkdirSync(directory, { recursive: true });
    writeFileSync(this.#accounts.passwd, `task:x:${this.#user}:${this.#user}:task:/home/task:/bin/bash\n`);
    writeFileSync(this.#accounts.group, `task:x:${this.#user}:\n`);
    const owner = tasksOwner();
    // The session has a place of its own: a full /tmp must not keep a turn from being saved.
    await this.#keep(tmp, mountTmpfs(tmp, { bytes: LIMITS.tmpBytes, files: LIMITS.tmpFiles, owner, mode: "1777" }));
    await this.#keep(
      session,
      mountTmpfs(session, { bytes: 2 * LIMITS.sessionBytes, files: 1024, owner, mode: "0700" }),
    );
    await this.#keep(terminals, mountTerminals(terminals));
    using place = folder === null ? this.own("outputs") : openFolder(folder);
    await this.#keep(work, bindPlace(place, work));
    this.#confinement = {
      directories: this.directories,
      accounts: this.#accounts,
      group: group.directory,
      owner,
      user: this.#user,
    };
  }

  /** Mounts a folder over the outputs; what runs already sees it at /work from now on. */
  async bind(folder: string): Promise<void> {
    using place = openFolder(folder);
    const { work } = this.directories;
    await this.#keep(work, bindPlace(place, work));
  }

  /** One of the task's own directories on the host. */
  own(name: string): Place {
    return openBeneath(sharePath("tasks"), [this.#taskId, "guest", name]);
  }

  /** Ends whatever still runs in it, and takes it away. */
  async remove(): Promise<void> {
    this.#confinement = undefined;
    await this.#group?.remove();
    this.#group = undefined;
    for (let target = this.#mounted.pop(); target !== undefined; target = this.#mounted.pop()) await unmount(target);
    if (!existsSync(this.#root)) return;
    // Never recursively: were a folder still mounted here, it would be the user's files.
    for (const directory of this.#places) if (existsSync(directory)) rmdirSync(directory);
    for (const file of Object.values(this.#accounts)) rmSync(file, { force: true });
    rmdirSync(this.#root);
  }

  async #keep(target: string, mounting: Promise<void>): Promise<void> {
    await mounting;
    this.#mounted.push(target);
  }
}

function openFolder(folder: string): Place {
  return openBeneath(sharePath("workspace"), folder.split("/"));
}
