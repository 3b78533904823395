import { setImmediate } from "node:timers/promises";
import { asStepError } from "./step-error.ts";

/** Steps shorter than this, in ms, are not worth a line. */
const QUIET_FOR = 2000;

interface Output {
  isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Tells a person on stderr which step runs and how long it takes; stdout stays free for data. */
export class BuildProgress {
  readonly #output: Output;
  readonly #cacheDir: string;
  readonly #signal: AbortSignal;

  constructor(output: Output, cacheDir: string, signal: AbortSignal) {
    this.#output = output;
    this.#cacheDir = cacheDir;
    this.#signal = signal;
  }

  /** Something the reader should know although the build goes on. */
  note(text: string): void {
    this.#output.write(`${this.#output.isTTY ? "\r\x1b[2K" : ""}piwork image: ${text}\n`);
  }

  /** Runs `work` as the step `name`; what it throws comes out naming that step. */
  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    const started = performance.now();
    const stopTelling = this.#tellWhileRunning(name, started);
    try {
      const result = await work();
      if (stopTelling()) this.note(`${name}: ${seconds(started)}`);
      return result;
    } catch (error) {
      stopTelling();
      // Ctrl-C ends the program we wait for as well; let our own handler have its turn first.
      await setImmediate();
      this.#signal.throwIfAborted();
      throw asStepError(error, name, this.#cacheDir);
    }
  }

  /** Says that `name` runs once it is slow, on a terminal with a running clock. The result ends it: was anything said? */
  #tellWhileRunning(name: string, started: number): () => boolean {
    const terminal = this.#output.isTTY === true;
    let said = false;
    let clock: NodeJS.Timeout | undefined;
    const draw = () => this.#output.write(`\r\x1b[2Kpiwork image: ${name} … ${seconds(started)}`);
    const slow = setTimeout(() => {
      said = true;
      if (!terminal) return this.note(`${name} …`);
      draw();
      clock = setInterval(draw, 1000);
    }, QUIET_FOR);
    return () => {
      clearTimeout(slow);
      clearInterval(clock);
      if (said && terminal) this.#output.write("\r\x1b[2K");
      return said;
    };
  }
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
