import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Bytes of a code: when it ends, something random, and a proof that it was made here. */
const END_BYTES = 6;
const RANDOM_BYTES = 10;
const PROOF_BYTES = 16;

/** Codes that open the panel once, and for a short time: one that a browser keeps on disk opens nothing. They end with this process. */
export class OneTimeCodes {
  readonly #key = randomBytes(32);
  /** codes that opened the panel, and when each would have ended */
  readonly #used = new Map<string, number>();
  readonly #now: () => number;

  /** `now`: milliseconds of a clock that nobody sets */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  make(validForMs: number): string {
    const head = randomBytes(END_BYTES + RANDOM_BYTES);
    head.writeUIntBE(Math.floor(this.#now() + validForMs), 0, END_BYTES);
    return Buffer.concat([head, this.#proof(head)]).toString("hex");
  }

  /** Whether a code is one that was made here, is not too old, and was not used. Then it is used. */
  use(code: string): boolean {
    const now = this.#now();
    for (const [old, end] of this.#used) if (end < now) this.#used.delete(old);
    const bytes = Buffer.from(code, "hex");
    if (bytes.length !== END_BYTES + RANDOM_BYTES + PROOF_BYTES || bytes.toString("hex") !== code) return false;
    const head = bytes.subarray(0, -PROOF_BYTES);
    if (!timingSafeEqual(bytes.subarray(-PROOF_BYTES), this.#proof(head))) return false;
    const end = head.readUIntBE(0, END_BYTES);
    if (end < now || this.#used.has(code)) return false;
    this.#used.set(code, end);
    return true;
  }

  #proof(head: Buffer): Buffer {
    return createHmac("sha256", this.#key).update(head).digest().subarray(0, PROOF_BYTES);
  }
}
