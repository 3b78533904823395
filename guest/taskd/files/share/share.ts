import { constants, mkdirSync, readSync, statSync, writeSync } from "node:fs";
import { writeAtomically } from "../../../../runtime/linux/atomic-file.ts";
import type { Restriction } from "../../../../runtime/linux/mounts.ts";
import { openBeneath, type Place } from "../../../../runtime/linux/open-beneath.ts";
import { openRegularFile } from "../../../../runtime/linux/open-regular.ts";
import { PiworkError } from "../../../../runtime/protocol/errors.ts";
import { SESSION_FILE } from "../../../../runtime/protocol/session.ts";
import type { MountProof } from "../../../../runtime/protocol/share.ts";
import type { GivenDirectory, IsGiven } from "../../../walls/launch.ts";
import { sync } from "../../kernel.ts";
import { mount, PRIVATE_ROOT, showPlace, unmount } from "../../mounting.ts";
import { readSession } from "../../read-session.ts";
import type { Files, TaskFiles } from "../files.ts";

type Tag = MountProof["tag"];

/**
 * As much as the transport takes in one message. `mmap` keeps shared writable mappings working (SQLite, git) and still shows edits made
 * on the host; `none` and `loose` each fail at one of them. From Linux 6.4 on `mmap` no longer does: see docs/adr/0009.
 */
const OPTIONS_9P = "trans=virtio,version=9p2000.L,cache=mmap,msize=507904";

/** More than any token has. */
const TOKEN_BYTES = 1024;

const mounted = new Set<Tag>();

/** Directories that were proven, still open: to walk there again would take as long as the proof. */
const proven = new Map<string, Place>();

/** Path I: the host's directories are mounted, and each is proven before a task gets it. */
export const share: Files = {
  async accept({ proofs }) {
    const opened: [string, Place][] = [];
    const result = {
      [Symbol.dispose]() {
        for (const [key, place] of opened) {
          if (proven.get(key) !== place) continue; // a task has it
          place[Symbol.dispose]();
          proven.delete(key);
        }
      },
    };
    try {
      for (const proof of proofs) opened.push(await prove(proof));
      return result;
    } catch (error) {
      result[Symbol.dispose]();
      throw error;
    }
  },

  /** That of the runtime's user as the share shows it, which is another one where QEMU runs without a user namespace. */
  owner() {
    const { uid } = statSync(sharePath("tasks"));
    if (uid !== 0) return uid;
    throw new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      "The directory of the tasks belongs to root, and no task may be root. Run the runtime as an ordinary user.",
    );
  },

  open: (task, folder) => new SharedTask(task, folder),
  settle: sync,

  async release() {
    for (const tag of mounted) await unmount(sharePath(tag));
    mounted.clear();
  },
};

/** Where the share with this tag is mounted. */
function sharePath(tag: Tag): string {
  return `${PRIVATE_ROOT}/${tag}`;
}

/** Mounts a share, unless it is, and shows the host that both see the same directory: reads what it wrote there, and answers behind it. */
async function prove({ tag, path, file, reply }: MountProof): Promise<[string, Place]> {
  if (!mounted.has(tag)) {
    const target = sharePath(tag);
    mkdirSync(target, { recursive: true });
    await mount("mounting a share", tag, target, { type: "9p", flags: ["nosuid", "nodev"], options: OPTIONS_9P });
    mounted.add(tag);
  }
  const parts = path?.split("/") ?? [];
  const place = openBeneath(sharePath(tag), parts);
  try {
    answerProof(place, file, reply);
  } catch (cause) {
    place[Symbol.dispose]();
    console.error(`taskd: share ${tag}:`, cause);
    throw new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      `The share '${tag}' is mounted, but the machine cannot read and write in it.`,
    );
  }
  const key = keyOf(tag, parts);
  proven.get(key)?.[Symbol.dispose]();
  proven.set(key, place);
  return [key, place];
}

function answerProof(place: Place, file: string, reply: string): void {
  using shared = openRegularFile(place, file, constants.O_RDWR);
  if (shared === undefined) throw new Error("what the host wrote is not there");
  const read = Buffer.alloc(TOKEN_BYTES);
  const length = readSync(shared.fd, read);
  writeSync(shared.fd, `${read.toString("utf8", 0, length)}${reply}`);
}

/** Opens a directory of a share: the very one that was proven, if it was. */
function openShared(tag: Tag, parts: readonly string[]): Place {
  const key = keyOf(tag, parts);
  const place = proven.get(key);
  proven.delete(key);
  return place ?? openBeneath(sharePath(tag), parts);
}

function keyOf(tag: Tag, parts: readonly string[]): string {
  return [tag, ...parts].join("/");
}

/** The files of a task that are the host's own, as the shares show them. */
class SharedTask implements TaskFiles {
  readonly #id: string;
  readonly #folder: string | null;
  readonly #guest: Place;
  /** It stays open: finding it again at the end of each turn takes longer than writing. */
  readonly #session: Place;

  constructor(id: string, folder: string | null) {
    this.#id = id;
    this.#folder = folder;
    this.#guest = openShared("tasks", [id, "guest"]);
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
    using place = openShared("workspace", folder.split("/"));
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
