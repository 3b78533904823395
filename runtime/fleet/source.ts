import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Acceleration, type AccelerationRequest, chooseAcceleration } from "../machine/acceleration.ts";
import { askForFixedAddresses } from "../machine/fixed-addresses.ts";
import { BOOT_DEADLINE_MS, Machine, type MachineObserver } from "../machine/machine.ts";
import { readTemplate, Template, type TemplateKind, templateDirectory, templateKey } from "../machine/template.ts";
import { buildTemplate } from "../machine/template-build.ts";
import type { Walls } from "../machine/walls.ts";
import { PiworkError } from "../protocol/errors.ts";
import type { AgentKind } from "../protocol/kinds.ts";
import { findImage, type Image } from "../state/image.ts";
import { type Places, REPOSITORY } from "../state/places.ts";
import type { FilesPath, MachineFiles } from "../workspace/files.ts";

/** Time a clone has for its first answer, in milliseconds. It takes a tenth of a second; with all cores busy, some seconds. */
const CLONE_DEADLINE_MS = 60_000;

export interface SourceOptions {
  places: Places;
  agent: AgentKind;
  /** how tasks get their files */
  files: FilesPath;
  acceleration: AccelerationRequest;
  walls: Walls;
  /** boots machines that are there to be attacked */
  unsafe: boolean;
  consoleLog: string;
  buildImage(signal: AbortSignal): Promise<void>;
  /** told in words what is being done, when it may take a while */
  step(words: string): void;
  /** told in words what goes on beside everything else, for which nobody waits */
  note(words: string): void;
  warn(message: string, facts: Record<string, unknown>): void;
  /** gives up whatever is under way */
  signal: AbortSignal;
}

/** Where machines come from: the image, what accelerates them, and the template that they are cloned from. */
export class MachineSource implements AsyncDisposable {
  readonly #options: SourceOptions;
  /** both undefined until they are settled */
  image: Image | undefined;
  acceleration: Acceleration | undefined;
  /** the template in use; undefined while there is none, and machines are booted */
  template: Template | undefined;
  #preparing: Promise<{ image: Image; acceleration: Acceleration }> | undefined;
  #building: Promise<void> | undefined;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /** Settles what machines are made of; takes a while where the image or the answer of KVM is not there yet. */
  prepare(): Promise<{ image: Image; acceleration: Acceleration }> {
    this.#preparing ??= this.#prepare().catch((error) => {
      this.#preparing = undefined;
      throw error;
    });
    return this.#preparing;
  }

  async #prepare(): Promise<{ image: Image; acceleration: Acceleration }> {
    const { places, walls, step, signal } = this.#options;
    const image = await this.#findOrBuildImage();
    this.image = image;
    const acceleration = await chooseAcceleration(this.#options.acceleration, {
      image,
      walls,
      cache: places.cache,
      scratch: places.sockets,
      onProbe: () => step("asking KVM to boot a kernel (once for this host, up to 15 s)"),
      signal,
    });
    this.acceleration = acceleration;
    if (acceleration.used === "tcg") await askForFixedAddresses();
    await this.#loadTemplate(this.#kindOf(image, acceleration));
    return { image, acceleration };
  }

  /** Resolves once no template is being made; there is one then, unless that failed. */
  async settled(): Promise<void> {
    await this.#building;
  }

  /** Starts a machine: a clone where there is a template, and otherwise one that is booted. */
  async start(
    id: string,
    files: MachineFiles,
    observer: MachineObserver,
  ): Promise<{ machine: Machine; up: Promise<Machine> }> {
    const { image, acceleration } = await this.prepare();
    const { places, walls, consoleLog, signal, step } = this.#options;
    signal.throwIfAborted();
    const { template } = this;
    if (template === undefined) step(`booting a machine (${acceleration.used}: ${acceleration.reason})`);
    const kind = this.#kindOf(image, acceleration);
    const started = Machine.boot({
      ...kind,
      ...{ id, files, observer, walls, consoleLog, signal },
      sockets: join(places.sockets, id),
      deadlineMs: template === undefined ? BOOT_DEADLINE_MS : CLONE_DEADLINE_MS,
      ...(template && { memory: { use: "clone", template } as const }),
    });
    if (template !== undefined) started.up.catch((error) => this.#doubt(template, kind, error));
    return started;
  }

  /** A template whose clones do not come up is not used again; another one is made of it. */
  #doubt(template: Template, kind: TemplateKind, error: unknown): void {
    if (this.template !== template || this.#options.signal.aborted) return;
    this.#options.warn("a clone did not come up; machines are booted until there is another template", { error });
    this.template = undefined;
    template[Symbol.dispose]();
    this.#rebuild(kind);
  }

  async #loadTemplate(kind: TemplateKind): Promise<void> {
    const { places, warn } = this.#options;
    const key = templateKey(kind);
    const directory = templateDirectory(places.cache, key);
    const manifest = readTemplate(directory, key);
    if (manifest !== undefined) this.template = await Template.load(directory, manifest);
    if (this.template !== undefined) return;
    if (existsSync(directory)) warn("the template is damaged and is made again", { directory });
    this.#rebuild(kind);
  }

  /** Makes a template beside whatever else goes on. */
  #rebuild(kind: TemplateKind): void {
    const { places, walls, consoleLog, signal, note, warn } = this.#options;
    const { cache, sockets: scratch } = places;
    this.#building ??= (async () => {
      try {
        note(
          "saving a template of a machine (once for each version, half a minute); machines are booted until it is there",
        );
        const manifest = await buildTemplate({ ...kind, walls, consoleLog, signal, cache, scratch });
        this.template = await Template.load(templateDirectory(cache, manifest.key), manifest);
        note("the template is there: machines are cloned from now on");
      } catch (error) {
        if (!signal.aborted) warn("no template could be made; machines are booted", { error });
      } finally {
        this.#building = undefined;
      }
    })();
  }

  #kindOf(image: Image, acceleration: Acceleration): TemplateKind {
    const { agent, unsafe, files } = this.#options;
    return { image, accelerator: acceleration.used, agent, unsafe, files };
  }

  async #findOrBuildImage(): Promise<Image> {
    const { places, buildImage, signal, step } = this.#options;
    const find = () => findImage(places.cache, REPOSITORY);
    const found = find();
    if (found !== undefined) return found;
    step("building the guest image (once for each version, a minute or two)");
    await buildImage(signal);
    const built = find();
    if (built !== undefined) return built;
    throw new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      "The image build left no image for these sources; they may have changed meanwhile. Run it again.",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#building;
    this.template?.[Symbol.dispose]();
  }
}
