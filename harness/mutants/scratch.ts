import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { atExit } from "../host/at-exit.ts";
import { type Mutant, mutate } from "./mutant.ts";

/** A copy of the repository, in which files may be changed and suites run. It is removed with whoever made it. */
export class ScratchCopy implements Disposable {
  readonly directory: string;
  readonly #repository: string;
  readonly #forget: () => void;

  constructor(repository: string, files: readonly string[], directory: string) {
    this.#repository = repository;
    this.directory = directory;
    this.#forget = atExit(() => this.#remove());
    this.#remove();
    for (const file of files) {
      const copy = join(directory, file);
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(join(repository, file), copy);
    }
    this.#linkModules();
  }

  /** Has one file as the mutant has it while `work` goes on. */
  async with<T>(mutant: Mutant, work: () => Promise<T>): Promise<T> {
    const path = join(this.directory, mutant.file);
    writeFileSync(path, mutate(this.#repository, mutant));
    try {
      return await work();
    } finally {
      copyFileSync(join(this.#repository, mutant.file), path);
    }
  }

  [Symbol.dispose](): void {
    this.#forget();
    this.#remove();
  }

  /** Packages are the repository's own, but for the one that is the repository itself. */
  #linkModules(): void {
    const modules = join(this.directory, "node_modules");
    mkdirSync(modules);
    for (const name of readdirSync(join(this.#repository, "node_modules")))
      symlinkSync(name === "piwork" ? ".." : join(this.#repository, "node_modules", name), join(modules, name));
  }

  #remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
