import { writeAtomically } from "../../../../runtime/linux/atomic-file.ts";
import type { Restriction } from "../../../../runtime/linux/mounts.ts";
import { openBeneath, type Place } from "../../../../runtime/linux/open-beneath.ts";
import { SESSION_FILE } from "../../../../runtime/protocol/session.ts";
import type { MountProof } from "../../../../runtime/protocol/share.ts";
import type { GivenDirectory, IsGiven } from "../../../walls/launch.ts";
import { showPlace } from "../../mounting.ts";
import { readSession } from "../../read-session.ts";
import type { TaskFiles } from "../files.ts";

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
    writeAtomically(`${this.#session.path}/${SESSION_FILE}`, content);
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
