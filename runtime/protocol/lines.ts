/** Raised when a peer sends a line that is longer than the reader accepts. The rest of that line is skipped. */
export class LineTooLong extends Error {
  constructor(readonly limit: number) {
    super(`a line is longer than ${limit} bytes`);
    this.name = "LineTooLong";
  }
}

/** Pieces of an unfinished line that are kept by themselves: each takes a hundred bytes and more, however short it is. */
const MOST_PIECES = 1024;

/**
 * Cuts a byte stream into lines, at `\n` only: U+2028 may stand inside a JSON string.
 * Never holds more than `limit` bytes; what is over it becomes one LineTooLong and the stream goes on after the next newline.
 */
export class LineSplitter {
  #pieces: Buffer[] = [];
  #held = 0;
  #skipping = false;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of an unfinished line. */
  get held(): number {
    return this.#held;
  }

  *push(chunk: Buffer): Generator<string | LineTooLong> {
    let start = 0;
    while (start < chunk.length) {
      const newline = chunk.indexOf(0x0a, start);
      const end = newline === -1 ? chunk.length : newline;
      const piece = chunk.subarray(start, end);
      start = end + 1;
      if (!this.#skipping && this.#held + piece.length >= this.#limit) {
        this.#forget();
        this.#skipping = true;
        yield new LineTooLong(this.#limit);
      }
      if (!this.#skipping && piece.length > 0) {
        this.#pieces.push(piece);
        this.#held += piece.length;
        if (this.#pieces.length > MOST_PIECES) this.#pieces = [Buffer.concat(this.#pieces)];
      }
      if (newline === -1) return;
      if (this.#skipping) this.#skipping = false;
      else yield this.#take();
    }
  }

  #take(): string {
    const line =
      this.#pieces.length === 1
        ? (this.#pieces[0] as Buffer).toString("utf8")
        : Buffer.concat(this.#pieces).toString("utf8");
    this.#forget();
    return line;
  }

  #forget(): void {
    this.#pieces = [];
    this.#held = 0;
  }
}
