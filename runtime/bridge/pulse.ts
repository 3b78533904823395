/** Between two beats, in milliseconds. Beats are counted, not seconds: a runtime that was stopped meanwhile misses none. */
const BEAT_MS = 5_000;
/** Beats without a sign of life after which a machine is called unresponsive, and after which it is given up. */
const UNRESPONSIVE_BEATS = 2;
const DEAD_BEATS = 4;

export interface PulseParts {
  /** asks the machine for something small */
  beat(): void;
  responsive(isSo: boolean): void;
  dead(words: string): void;
}

/** Watches whether a machine still answers. */
export class Pulse {
  readonly #parts: PulseParts;
  #silentBeats = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: PulseParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#silentBeats = 0;
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Anything that comes from the machine is a sign of life. */
  heard(): void {
    if (this.#silentBeats > UNRESPONSIVE_BEATS) this.#parts.responsive(true);
    this.#silentBeats = 0;
  }

  #beat(): void {
    this.#silentBeats++;
    if (this.#silentBeats > DEAD_BEATS)
      this.#parts.dead(`The machine did not answer for ${(DEAD_BEATS * BEAT_MS) / 1000} s and was given up.`);
    else {
      if (this.#silentBeats === UNRESPONSIVE_BEATS + 1) this.#parts.responsive(false);
      if (this.#silentBeats === 1) this.#parts.beat();
    }
  }
}
