/** Closes what was opened, once, also where opening the next one failed. */
export class Opened {
  readonly #opening: Promise<AsyncDisposable>[] = [];
  readonly #closed = new Set<AsyncDisposable>();

  add<T extends AsyncDisposable>(opening: Promise<T>): Promise<T> {
    this.#opening.push(opening);
    return opening;
  }

  async close(one: AsyncDisposable | undefined): Promise<void> {
    if (one === undefined || this.#closed.has(one)) return;
    this.#closed.add(one);
    await one[Symbol.asyncDispose]();
  }

  async closeAll(): Promise<void> {
    for (const outcome of await Promise.allSettled(this.#opening))
      if (outcome.status === "fulfilled") await this.close(outcome.value);
  }
}
