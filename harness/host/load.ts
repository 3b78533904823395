import { availableParallelism } from "node:os";
import { $, type ProcessPromise } from "zx";

/** Keeps every core busy until it is disposed. */
export class Load implements Disposable {
  readonly #burners: ProcessPromise[] = Array.from({ length: availableParallelism() }, () => {
    const burn = [process.execPath, "-e", "for (;;);"];
    // Each ends with this process, and by itself after an hour.
    return $({ stdio: "ignore", nothrow: true })`exec setpriv --pdeathsig KILL timeout 3600 ${burn}`;
  });

  get cores(): number {
    return this.#burners.length;
  }

  [Symbol.dispose](): void {
    for (const burner of this.#burners) burner.child?.kill("SIGTERM");
  }
}
