import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MachineSource } from "../../runtime/fleet/source.ts";
import type { Acceleration } from "../../runtime/machine/acceleration.ts";
import { BOOT_DEADLINE_MS, type BootOptions, Machine } from "../../runtime/machine/machine.ts";
import type { Template, TemplateKind } from "../../runtime/machine/template.ts";
import { ALL_WALLS } from "../../runtime/machine/walls.ts";
import { findPlaces } from "../../runtime/state/places.ts";
import type { FilePlaces } from "../../runtime/workspace/files.ts";
import { filesPath } from "../../runtime/workspace/paths.ts";
import { atExit } from "../host/at-exit.ts";

/** What single machines are started from, and directories of nobody for them. */
export class Clones implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "piwork-clones-"));
  /** where the sockets of the machine are while it is there */
  readonly sockets = join(this.directory, "machine");
  readonly consoleLog: string;
  readonly #forget = atExit(() => this.#remove());
  readonly #source: MachineSource;

  private constructor(logs: string) {
    this.consoleLog = join(logs, "machines.log");
    for (const name of ["workspace", "tasks"]) mkdirSync(join(this.directory, name));
    this.#source = new MachineSource({
      agent: "probe",
      files: filesPath,
      acceleration: "auto",
      walls: ALL_WALLS,
      unsafe: false,
      consoleLog: this.consoleLog,
      places: { ...findPlaces(), sockets: this.directory },
      buildImage: () => Promise.reject(new Error("there is no guest image; run 'npm run setup'")),
      step: () => {},
      note: () => {},
      warn: (message) => console.error(message),
      signal: new AbortController().signal,
    });
  }

  /** With a template, which may have to be made first. */
  static async open(logs: string): Promise<Clones> {
    const clones = new Clones(logs);
    await clones.#source.prepare();
    await clones.#source.settled();
    return clones;
  }

  get template(): Template {
    if (this.#source.template === undefined) throw new Error("there is no template; the words above say why");
    return this.#source.template;
  }

  async acceleration(): Promise<Acceleration> {
    return (await this.#source.prepare()).acceleration;
  }

  /** What the machines are. */
  async kind(): Promise<TemplateKind> {
    const { image, acceleration } = await this.#source.prepare();
    return { image, accelerator: acceleration.used, agent: "probe", unsafe: false, files: filesPath };
  }

  get filePlaces(): FilePlaces {
    return { workspace: join(this.directory, "workspace"), tasks: join(this.directory, "tasks") };
  }

  /** Starts a machine that has the files of all tasks, unless it is given others. */
  async start(
    options: Partial<Pick<BootOptions, "memory" | "walls" | "deadlineMs" | "files">> = {},
  ): Promise<{ machine: Machine; up: Promise<Machine> }> {
    return Machine.boot({
      ...(await this.kind()),
      id: "clone",
      walls: ALL_WALLS,
      files: filesPath.forAllTasks(this.filePlaces),
      sockets: this.sockets,
      consoleLog: this.consoleLog,
      observer: { event: () => {}, violation: () => {}, changed: () => {}, connection: (stream) => stream.destroy() },
      deadlineMs: BOOT_DEADLINE_MS,
      signal: new AbortController().signal,
      ...options,
    });
  }

  clone(
    options: Partial<Pick<BootOptions, "walls" | "deadlineMs" | "files">> = {},
  ): Promise<{ machine: Machine; up: Promise<Machine> }> {
    return this.start({ memory: { use: "clone", template: this.template }, ...options });
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
