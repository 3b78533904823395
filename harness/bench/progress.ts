/** A counter on one line of a terminal; a line now and then where there is none. */
export class Progress {
  readonly #what: string;
  #shownAt = 0;

  constructor(what: string) {
    this.#what = what;
  }

  /** Where the terminal shows nothing else, every few seconds is enough. */
  at(done: number, all: number, remark: string): void {
    const line = `        ${this.#what}  ${String(done).padStart(String(all).length)}/${all}  ${remark}`;
    if (process.stdout.isTTY) {
      process.stdout.write(`\r\x1b[K${line.slice(0, (process.stdout.columns || 80) - 1)}`);
      if (done === all) process.stdout.write("\r\x1b[K");
      return;
    }
    if (done !== all && performance.now() - this.#shownAt < 5_000) return;
    this.#shownAt = performance.now();
    console.log(line);
  }
}
