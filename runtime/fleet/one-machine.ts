import type { Machine } from "../machine/machine.ts";
import { machineMemoryMb } from "../machine/template.ts";
import type { Fleet, FleetParts, Present } from "./fleet.ts";
import { restWhenIdle } from "./rest.ts";

/** Time to start an agent, in milliseconds. */
const WARM_DEADLINE_MS = 150_000;

/** Tasks that can use all their memory at once. More of them share what so many have. */
export const TASKS_AT_ONCE = 2;

export interface OneMachineParts extends FleetParts {
  /** what each task may use at most, in bytes */
  memoryBytes: number;
}

/** All tasks in one machine, each a process; its kernel keeps them apart. */
export class OneMachine implements Fleet {
  readonly #parts: OneMachineParts;
  #machine: Promise<Machine> | undefined;
  /** the one that boots, runs or ends */
  #present: Machine | undefined;
  #started = 0;

  constructor(parts: OneMachineParts) {
    this.#parts = parts;
  }

  get machines(): readonly Present[] {
    return this.#present === undefined ? [] : [{ machine: this.#present, task: null }];
  }

  machineOf(): Machine | undefined {
    return this.#present;
  }

  async prepare(): Promise<void> {
    await this.enter();
  }

  /** Booted at the first call, and again after it was lost. */
  enter(): Promise<Machine> {
    this.#machine ??= this.#start().catch((error) => {
      this.#machine = undefined;
      throw error;
    });
    return this.#machine;
  }

  async #start(): Promise<Machine> {
    const { source, files, places, observe } = this.#parts;
    const id = `machine-${++this.#started}`;
    const { machine, up } = await source.start(id, files.forAllTasks(places), observe(id));
    this.#present = machine;
    let isReady = false;
    void machine.ended.then((reason) => {
      if (this.#present === machine) this.#present = undefined;
      if (!isReady) return; // whoever waits for its start is told
      this.#machine = undefined;
      this.#parts.lost(machine, reason, undefined);
    });
    await up;
    try {
      await machine.growTo(machineMemoryMb(TASKS_AT_ONCE * this.#parts.memoryBytes));
    } catch (error) {
      await machine.stop();
      throw error;
    }
    isReady = true;
    restWhenIdle(machine, () => this.#parts.isBusy(undefined));
    return machine;
  }

  /** Its memory is taken by no other machine: it wakes by being asked. */
  wake(): undefined {}

  /** Has an agent ready for the next task. */
  opened(): void {
    const warm = { agent: this.#parts.agent, slots: 1 };
    this.#present?.bridge.request("runtime_warm", warm, { deadlineMs: WARM_DEADLINE_MS }).catch(() => {}); // it ends
  }

  async leave(): Promise<void> {}

  async stop(): Promise<void> {
    const machine = await this.#machine?.catch(() => undefined);
    await machine?.stop();
  }
}
