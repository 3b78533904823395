import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { tryLock } from "../../runtime/linux/flock.mjs";
import { BorrowedCache } from "./cache.ts";
import { KnownVerdicts } from "./known.ts";
import type { Mutant } from "./mutant.ts";
import { ScratchCopy } from "./scratch.ts";
import { fingerprint, sourceFiles } from "./sources.ts";
import { type Command, tryCheck } from "./trial.ts";
import type { Verdict } from "./verdict.ts";

/** What a check said of a mutant; nothing where it is not green on the sources as they are. */
export interface Trial {
  control: Verdict;
  verdict: Verdict | undefined;
}

export interface LaboratoryOptions {
  repository: string;
  /** directory for copies, logs, and verdicts that are known */
  place: string;
  /** the user's cache of images */
  cache: string;
  /** files that go into the guest image: who changes one needs another image */
  guestFiles: ReadonlySet<string>;
  /** verdicts of an earlier run on the same sources count */
  resumes: boolean;
  /** files that no check depends on: tables of mutants, for example */
  isBeside(file: string): boolean;
}

/** Tries mutants in copies of the repository, one in each bench at a time. */
export class Laboratory implements Disposable {
  readonly #options: LaboratoryOptions;
  readonly #files: readonly string[];
  readonly #known: KnownVerdicts;
  readonly #controls = new Map<string, Promise<Verdict>>();
  readonly #shared: BorrowedCache;
  readonly #lock: number;

  constructor(options: LaboratoryOptions) {
    const { repository, place, cache, isBeside, resumes } = options;
    mkdirSync(place, { recursive: true });
    this.#lock = openSync(place, "r");
    if (!tryLock(this.#lock)) throw new Error(`another run has its copies in ${place}; wait until it has ended`);
    this.#options = options;
    this.#files = sourceFiles(repository);
    const sources = fingerprint(
      repository,
      this.#files.filter((file) => !isBeside(file)),
    );
    this.#known = KnownVerdicts.read(join(place, "known.json"), sources, resumes);
    this.#shared = new BorrowedCache(join(place, "cache"), cache, { isForOthers: false });
  }

  bench(number: number): Bench {
    const { repository, place, cache, guestFiles } = this.#options;
    const own = new BorrowedCache(join(place, `cache-${number}`), cache, { isForOthers: true });
    const scratch = new ScratchCopy(repository, this.#files, join(place, `copy-${number}`));
    return new Bench(scratch, { shared: this.#shared, own }, { guestFiles, logs: join(place, "logs") }, this);
  }

  /** The check on the sources as they are, once for all mutants that it is to notice. */
  control(command: Command, ask: () => Promise<Verdict>): Promise<Verdict> {
    const key = JSON.stringify(command);
    const found = this.#controls.get(key) ?? this.#known.of({ command }, ask);
    this.#controls.set(key, found);
    return found;
  }

  verdict(command: Command, { file, find, replace }: Mutant, ask: () => Promise<Verdict>): Promise<Verdict> {
    return this.#known.of({ command, file, find, replace }, ask);
  }

  [Symbol.dispose](): void {
    this.#shared[Symbol.dispose]();
    closeSync(this.#lock);
  }
}

/** A copy of the repository in which one mutant is tried after the other. */
export class Bench implements Disposable {
  readonly #scratch: ScratchCopy;
  readonly #caches: { shared: BorrowedCache; own: BorrowedCache };
  readonly #guestFiles: ReadonlySet<string>;
  readonly #logs: string;
  readonly #laboratory: Laboratory;

  constructor(
    scratch: ScratchCopy,
    caches: { shared: BorrowedCache; own: BorrowedCache },
    { guestFiles, logs }: { guestFiles: ReadonlySet<string>; logs: string },
    laboratory: Laboratory,
  ) {
    this.#scratch = scratch;
    this.#caches = caches;
    this.#guestFiles = guestFiles;
    this.#logs = logs;
    this.#laboratory = laboratory;
  }

  async try(mutant: Mutant, command: Command): Promise<Trial> {
    const control = await this.#laboratory.control(command, () =>
      this.#ask(command, this.#caches.shared, `control of ${command.isUnitTest ? command.program : command.id}`),
    );
    if (control.is !== "green") return { control, verdict: undefined };
    const verdict = await this.#laboratory.verdict(command, mutant, () =>
      this.#scratch.with(mutant, () => this.#askMutated(mutant, command)),
    );
    return { control, verdict };
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
    this.#caches.own[Symbol.dispose]();
  }

  async #askMutated(mutant: Mutant, command: Command): Promise<Verdict> {
    const isOfGuest = this.#guestFiles.has(mutant.file);
    try {
      return await this.#ask(command, isOfGuest ? this.#caches.own : this.#caches.shared, mutant.id);
    } finally {
      if (isOfGuest) this.#caches.own.forgetMade();
    }
  }

  /** A suite that does not come as far as its check is asked once more: a busy host may have kept it from starting. */
  async #ask(command: Command, cache: BorrowedCache, name: string): Promise<Verdict> {
    const first = await this.#askOnce(command, cache, name);
    return first.is === "none" && !command.isUnitTest ? this.#askOnce(command, cache, name) : first;
  }

  #askOnce(command: Command, cache: BorrowedCache, name: string): Promise<Verdict> {
    const { directory } = this.#scratch;
    const home = command.isUnitTest ? undefined : cache.home;
    const env = { ...process.env, XDG_CACHE_HOME: home, XDG_STATE_HOME: join(directory, "tmp/state") };
    return tryCheck(command, { directory, env, log: join(this.#logs, `${name.replaceAll("/", "_")}.log`) });
  }
}
