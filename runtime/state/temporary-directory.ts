import { mkdtempSync, rmSync } from "node:fs";

/** A new directory that is removed when it is disposed, and where the process exits before that. */
export class TemporaryDirectory implements Disposable {
  readonly path: string;
  readonly #remove = () => rmSync(this.path, { recursive: true, force: true });

  constructor(prefix: string) {
    this.path = mkdtempSync(prefix);
    process.once("exit", this.#remove);
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#remove);
    this.#remove();
  }
}
