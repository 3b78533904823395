import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";

/** Keeps every core busy until it is disposed. */
export class Load implements Disposable {
  readonly #burners: ChildProcess[] = Array.from({ length: availableParallelism() }, () =>
    // Each ends with this process, and by itself after an hour.
    spawn("setpriv", ["--pdeathsig", "KILL", "timeout", "3600", process.execPath, "-e", "for (;;);"], {
      stdio: "ignore",
    }),
  );

  get cores(): number {
    return this.#burners.length;
  }

  [Symbol.dispose](): void {
    for (const burner of this.#burners) burner.kill("SIGTERM");
  }
}
