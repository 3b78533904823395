import { cpSync, existsSync, linkSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { namesIn } from "../../runtime/state/absent.ts";
import { atExit } from "../host/at-exit.ts";

/** Directories whose entries stay as they are once they are there. */
const KEPT = ["npm", "kernels", "browsers"];
/** Likewise, and made of the sources. */
const MADE = ["images", "templates"];
/** What programs write to. */
const COPIED = ["acceleration.json", "apt/apt.conf", "apt/debian.sources", "apt/cache", "apt/state", "apt/log"];
const PACKAGES = "apt/debs";

/**
 * A cache for suites in a scratch copy, filled by links to what is in the user's: what they make evicts nothing of the user's, and
 * nothing is downloaded anew.
 */
export class BorrowedCache implements Disposable {
  readonly #home: string;
  readonly #cache: string;
  readonly #from: string;
  readonly #isForOthers: boolean;
  readonly #forget: () => void;
  #isFilled = false;

  /** `isForOthers`: for sources other than those that today's image and machines are made of. */
  constructor(home: string, from: string, { isForOthers }: { isForOthers: boolean }) {
    this.#home = home;
    this.#cache = join(home, "piwork");
    this.#from = from;
    this.#isForOthers = isForOthers;
    this.#forget = atExit(() => this.#remove());
    this.#remove();
  }

  /** For XDG_CACHE_HOME; filled when it is asked for first. */
  get home(): string {
    if (!this.#isFilled) this.#fill();
    this.#isFilled = true;
    return this.#home;
  }

  /** Removes what was made of sources that nobody will have again. */
  forgetMade(): void {
    for (const name of MADE) rmSync(join(this.#cache, name), { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.#forget();
    this.#remove();
  }

  #fill(): void {
    for (const name of [...KEPT, ...(this.#isForOthers ? [] : MADE)]) this.#take(name, symlinkSync);
    // A program that looks for packages wants files.
    this.#take(PACKAGES, (from, to) => {
      try {
        linkSync(from, to);
      } catch {
        cpSync(from, to, { recursive: true }); // a directory, or on another file system
      }
    });
    for (const name of COPIED) {
      const from = join(this.#from, name);
      if (existsSync(from)) cpSync(from, join(this.#cache, name), { recursive: true, preserveTimestamps: true });
    }
  }

  /** Has `take` link or copy each entry of a directory, if that is there, but for what a build has not finished. */
  #take(name: string, take: (from: string, to: string) => void): void {
    const [from, to] = [join(this.#from, name), join(this.#cache, name)];
    mkdirSync(to, { recursive: true });
    for (const entry of namesIn(from).filter((name) => !name.startsWith("."))) take(join(from, entry), join(to, entry));
  }

  /** Links are removed, and not what they lead to. */
  #remove(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }
}
