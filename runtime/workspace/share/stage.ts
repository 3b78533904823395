import { mkdirSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { KernelCalls } from "../../linux/kernel-calls.ts";
import { Mounts } from "../../linux/mounts.ts";
import { whatForbidsUserNamespaces } from "../../linux/user-namespaces.ts";
import { PiworkError } from "../../protocol/errors.ts";
import type { MountProof } from "../../protocol/share.ts";
import type { Export } from "../files.ts";
import { openInView } from "./view-walk.ts";

/** What is mounted to hold the empty directories; each machine has a few. */
const OPTIONS = "size=16m,mode=0700";
type Tag = MountProof["tag"];
/** The exports of every machine. */
export const SHARES = ["workspace", "tasks"] as const satisfies readonly Tag[];

/** A directory that was made for a machine, and whether something is shown there. */
interface Shown {
  target: string;
  isMounted: boolean;
}

/**
 * Shows directories to machines that run already: a view of the host's files of its own, in which each machine has an empty
 * directory for each share, and below it what its task was given. It ends with its last process, and every mount with it.
 * Other processes of the host see nothing of it.
 */
export class Stage {
  readonly #kernel: KernelCalls;
  readonly #mounts: Mounts;
  /** where it is mounted, in its own view */
  readonly #directory: string;
  readonly #shown = new Map<string, Shown[]>();
  /** settles once the last of what was asked for is done: a machine can end while it is being shown something */
  #last: Promise<unknown> = Promise.resolve();
  /** whether it has ended, with all that it showed */
  isGone = false;

  private constructor(kernel: KernelCalls, directory: string) {
    this.#kernel = kernel;
    this.#mounts = new Mounts(kernel);
    this.#directory = directory;
    kernel.whenGone(() => {
      this.isGone = true;
    });
  }

  /** Makes one at this directory. */
  static async open(directory: string): Promise<Stage> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
    const unshare = ["/usr/bin/unshare", ...user, "--mount", "--propagation", "slave", "--"];
    const kernel = new KernelCalls("piwork.stage", unshare);
    const stage = new Stage(kernel, directory);
    try {
      await stage.#mounts.mount("piwork", directory, { type: "tmpfs", flags: ["nosuid", "nodev"], options: OPTIONS });
      await stage.#mounts.mount("", directory, { flags: ["shared"] });
      return stage;
    } catch (cause) {
      kernel.close();
      throw new PiworkError(
        "TASK_BOOTSTRAP_FAILED",
        `This host lets the runtime have no view of its own of the files, which a machine for each task takes: ${whatForbidsUserNamespaces() || `user namespaces may be forbidden (${cause instanceof Error ? cause.message : cause})`}. 'piwork doctor' says more; 'piwork up --isolation shared' does without the view.`,
        { cause },
      );
    }
  }

  /** A command line that runs another one in this view. */
  get prefix(): string[] {
    const { pid } = this.#kernel;
    const user = process.getuid?.() === 0 ? [] : [`--user=/proc/${pid}/ns/user`, "--preserve-credentials"];
    return ["/usr/bin/nsenter", ...user, `--mount=/proc/${pid}/ns/mnt`, "--"];
  }

  /** Empty directories for the shares of a machine, as this view has them. */
  makeShares(machine: string): Export[] {
    this.#shown.set(machine, []);
    return SHARES.map((tag) => {
      mkdirSync(this.#inView(machine, tag), { recursive: true, mode: 0o755 });
      return { name: tag, path: join(this.#directory, machine, tag), isReadOnly: true };
    });
  }

  /** Shows the directory that leads from `root` down `parts` in a share of a machine, at the same path. */
  show(machine: string, tag: Tag, root: string, parts: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      const shown = this.#shown.get(machine);
      if (shown === undefined) throw new PiworkError("TASK_NOT_READY", "The machine has ended; try again.");
      // The machine sees this read only, and can put nothing in the way.
      mkdirSync(join(this.#inView(machine, tag), ...parts), { recursive: true, mode: 0o755 });
      const target = join(this.#directory, machine, tag, ...parts);
      const one: Shown = { target, isMounted: false };
      shown.push(one);
      await openInView(this.#kernel, root, parts, (directory) =>
        this.#mounts.show(directory, target, ["nosuid", "nodev"]),
      );
      one.isMounted = true;
    });
  }

  /** Takes away what a machine was shown, all of it or in one share, from it as well. */
  hide(machine: string, tag?: Tag): Promise<void> {
    return this.#inTurn(() => this.#hide(machine, tag));
  }

  /** Takes away what a machine that has ended had. */
  clear(machine: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#hide(machine);
      this.#shown.delete(machine);
      const own = join(this.#directory, machine);
      if (!this.isGone) this.#remove([own, ...SHARES.map((tag) => join(own, tag))]);
    });
  }

  async #hide(machine: string, tag?: Tag): Promise<void> {
    const all = this.#shown.get(machine) ?? [];
    const root = tag === undefined ? "" : join(this.#directory, machine, tag);
    const hidden: string[] = [];
    const refusals: unknown[] = [];
    for (const one of all.filter(({ target }) => target.startsWith(root)).reverse()) {
      try {
        if (one.isMounted && !this.isGone) await this.#mounts.unmount(one.target);
        all.splice(all.indexOf(one), 1);
        hidden.push(one.target);
      } catch (error) {
        refusals.push(error); // it is still shown, and is taken away the next time
      }
    }
    if (this.isGone) return;
    const kept = [...SHARES.map((tag) => join(this.#directory, machine, tag)), ...all.map(({ target }) => target)];
    const isKept = (directory: string) => kept.some((path) => `${path}/`.startsWith(`${directory}/`));
    const made = new Set<string>();
    for (const target of hidden)
      for (let directory = target; !isKept(directory); directory = dirname(directory)) made.add(directory);
    this.#remove(made);
    if (refusals.length > 0) throw refusals[0];
  }

  /** Does one thing after the other. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Never recursively: were a folder still mounted there, it would be the user's files. */
  #remove(directories: Iterable<string>): void {
    for (const directory of [...directories].sort((a, b) => b.length - a.length)) rmdirSync(this.#inThis(directory));
  }

  close(): void {
    this.#kernel.close();
  }

  #inView(machine: string, tag: Tag): string {
    return this.#inThis(join(this.#directory, machine, tag));
  }

  /** A path as this view has it, for this process. */
  #inThis(path: string): string {
    return `/proc/${this.#kernel.pid}/root${path}`;
  }
}
