import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import type { Restriction } from "../../../../runtime/linux/mounts.ts";
import { openBeneath, type Place } from "../../../../runtime/linux/open-beneath.ts";
import { SESSION_FILE } from "../../../../runtime/protocol/session.ts";
import type { MountProof } from "../../../../runtime/protocol/share.ts";
import type { GivenDirectory, IsGiven } from "../../../walls/launch.ts";
import { showPlace } from "../../mounting.ts";
import { readSession } from "../../read-session.ts";
import type { TaskFiles } from "../files.ts";

/** Nothing that a task put there is written through. */
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Opens a directory of a share. */
type OpenShared = (tag: MountProof["tag"], parts: readonly string[]) => Place;

/** The files of a task that are the host's own, as the shares show them. */
export class SharedTask implements TaskFiles {
  readonly #open: OpenShared;
  readonly #id: string;
  readonly #folder: string | null;
  readonly #guest: Place;
  /** It stays open: finding it again at the end of each turn takes longer than writing. */
  readonly #session: Place;

  constructor(open: OpenShared, id: string, folder: string | null) {
    this.#open = open;
    this.#id = id;
    this.#folder = folder;
    this.#guest = open("tasks", [id, "guest"]);
    try {
      this.#session = openBeneath(this.#guest, ["session"]);
    } catch (error) {
      this.#guest[Symbol.dispose]();
      throw error;
    }
  }

  async show(name: GivenDirectory, target: string, flags: readonly Restriction[]): Promise<IsGiven> {
    if (name === "work" && this.#folder !== null) return this.bind(this.#folder, target);
    const own = name === "work" ? "outputs" : name;
    using place = openBeneath(this.#guest, [own]);
    return await showAt(place, target, flags, `/${this.#id}/guest/${own}`);
  }

  async bind(folder: string, target: string): Promise<IsGiven> {
    using place = this.#open("workspace", folder.split("/"));
    return await showAt(place, target, [], `/${folder}`);
  }

  readSession(): Buffer | undefined {
    return readSession(this.#session, SESSION_FILE);
  }

  keepSession(content: Buffer): void {
    const path = `${this.#session.path}/${SESSION_FILE}`;
    const draft = `${path}.draft`;
    const fd = create(draft);
    try {
      writeFileSync(fd, content);
      fsyncSync(fd);
    } catch (error) {
      rmSync(draft, { force: true }); // what is there of it may be what fills the disk
      throw error;
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
  }

  async close(): Promise<void> {
    this.#session[Symbol.dispose]();
    this.#guest[Symbol.dispose]();
  }
}

/** `path` is where the place is in its share. */
async function showAt(place: Place, target: string, flags: readonly Restriction[], path: string): Promise<IsGiven> {
  await showPlace(place, target, flags);
  return ({ root }) => root === path;
}

/** Creates a file; what is there under its name was left by a turn that could not be kept. */
function create(path: string): number {
  try {
    return openSync(path, CREATE, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    unlinkSync(path);
    return openSync(path, CREATE, 0o600);
  }
}
