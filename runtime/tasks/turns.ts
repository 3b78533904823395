/** Work on one task happens one after the other, in the order it was asked for. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** What there is work on. */
  get underway(): string[] {
    return [...this.#last.keys()];
  }

  take<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(id) ?? Promise.resolve()).then(work);
    const over = turn.then(
      () => {},
      () => {},
    );
    this.#last.set(id, over);
    void over.then(() => {
      if (this.#last.get(id) === over) this.#last.delete(id);
    });
    return turn;
  }
}
