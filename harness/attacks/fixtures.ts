import type { QemuWorld } from "./qemu-world.ts";
import type { Target } from "./target.ts";
import type { WarmMachine } from "./warm-machine.ts";
import type { Wire } from "./wire.ts";

interface ByName {
  /** the runtime that is attacked */
  target: Target;
  /** a runtime whose one machine holds attacker and victim, without walls around the attacker */
  control: Target;
  qemu: QemuWorld;
  wire: Wire;
  warm: WarmMachine;
}

/** What the checks of the negative suite run on, each opened before the lanes that need it. */
export class Fixtures implements AsyncDisposable {
  readonly #opening: Promise<AsyncDisposable>[] = [];
  readonly #closed = new Set<AsyncDisposable>();
  readonly #open: Partial<ByName> = {};

  async open<N extends keyof ByName>(name: N, opening: Promise<ByName[N]>): Promise<void> {
    this.#opening.push(opening);
    this.#open[name] = await opening;
  }

  has(name: keyof ByName): boolean {
    return this.#open[name] !== undefined;
  }

  get target(): Target {
    return this.#get("target");
  }

  get control(): Target {
    return this.#get("control");
  }

  get qemu(): QemuWorld {
    return this.#get("qemu");
  }

  get wire(): Wire {
    return this.#get("wire");
  }

  get warm(): WarmMachine {
    return this.#get("warm");
  }

  #get<N extends keyof ByName>(name: N): ByName[N] {
    const open = this.#open[name];
    if (open === undefined) throw new Error(`the fixture '${name}' is not open`);
    return open;
  }

  async close(name: keyof ByName): Promise<void> {
    const open = this.#open[name];
    if (open !== undefined) await this.#closeOnce(open);
  }

  async #closeOnce(one: AsyncDisposable): Promise<void> {
    if (this.#closed.has(one)) return;
    this.#closed.add(one);
    await one[Symbol.asyncDispose]();
  }

  /** Also closes what is still being opened. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const outcome of await Promise.allSettled(this.#opening))
      if (outcome.status === "fulfilled") await this.#closeOnce(outcome.value);
  }
}
