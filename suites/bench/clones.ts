import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench } from "../../harness/bench/section.ts";
import { atExit } from "../../harness/piwork.ts";
import { MachineSource } from "../../runtime/fleet/source.ts";
import { BOOT_DEADLINE_MS, type BootOptions, Machine } from "../../runtime/machine/machine.ts";
import type { Template } from "../../runtime/machine/template.ts";
import { ALL_WALLS, type Walls } from "../../runtime/machine/walls.ts";
import { findPlaces } from "../../runtime/places.ts";
import type { Share } from "../../runtime/workspace/share.ts";

/** What single machines are started from, and directories of nobody for them. */
export class Clones implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "piwork-bench-"));
  readonly #forget = atExit(() => this.#remove());
  readonly #source: MachineSource;
  readonly #logs: string;

  private constructor(logs: string) {
    this.#logs = logs;
    const places = { ...findPlaces(), sockets: this.directory };
    for (const name of ["workspace", "tasks"]) mkdirSync(join(this.directory, name));
    this.#source = new MachineSource({
      ...{ places, agent: "probe", acceleration: "auto", walls: ALL_WALLS, unsafe: false },
      consoleLog: join(logs, "machines.log"),
      buildImage: () => Promise.reject(new Error("there is no guest image; run 'npm run setup'")),
      ...{ step: () => {}, note: () => {} },
      warn: (message) => console.error(message),
      signal: new AbortController().signal,
    });
  }

  static async open(bench: Bench): Promise<Clones> {
    const clones = new Clones(bench.logs);
    const { acceleration } = await clones.#source.prepare();
    bench.accelerated(acceleration);
    await clones.#source.settled();
    return clones;
  }

  get template(): Template {
    if (this.#source.template === undefined) throw new Error("there is no template");
    return this.#source.template;
  }

  get shares(): Share[] {
    return (["workspace", "tasks"] as const).map((tag) => ({ tag, path: join(this.directory, tag) }));
  }

  /** Starts a machine that has the directories, and proves them. */
  async start(
    options: Partial<Pick<BootOptions, "memory" | "observer">> = {},
    walls: Walls = ALL_WALLS,
  ): Promise<Machine> {
    const { image, acceleration } = await this.#source.prepare();
    return Machine.boot({
      ...{ id: "bench", image, accelerator: acceleration.used, unsafe: false, walls, shares: this.shares },
      sockets: join(this.directory, "machine"),
      consoleLog: join(this.#logs, "machines.log"),
      observer: { event: () => {}, violation: () => {}, changed: () => {} },
      deadlineMs: BOOT_DEADLINE_MS,
      signal: new AbortController().signal,
      ...options,
    }).up;
  }

  clone(walls: Walls = ALL_WALLS): Promise<Machine> {
    return this.start({ memory: { use: "clone", template: this.template } }, walls);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#forget();
    await this.#source[Symbol.asyncDispose]();
    this.#remove();
  }

  #remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
