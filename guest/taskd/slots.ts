import type { AgentKind } from "../../runtime/protocol/kinds.ts";
import { TASK_UID } from "../../runtime/protocol/rpc.ts";
import type { Outlet } from "../network/outlet.ts";
import { Agent } from "./agent.ts";
import { proveAgent } from "./compatibility.ts";
import { Slot } from "./slot.ts";

/** A slot with its agent, behind walls that were whole when the agent was started. */
export interface Seat {
  slot: Slot;
  agent: Agent;
}

/** The slots of this machine whose agents wait for a task. */
export class Slots {
  readonly #outlet: Outlet;
  readonly #waiting: (Seat & { kind: AgentKind })[] = [];
  #warming: Promise<void> = Promise.resolve();

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  /** Starts agents until so many of this kind wait; gives how many do. */
  async warm(kind: AgentKind, count: number): Promise<number> {
    this.#warming = this.#warming
      .catch(() => {})
      .then(async () => {
        while (this.#count(kind) < count)
          this.#keep(kind, await this.#seat(kind, TASK_UID, new AbortController().signal));
      });
    await this.#warming;
    return this.#count(kind);
  }

  /** Tries, with one that is ended afterwards, whether the agent is the one that we speak to; gives its version. */
  async prove(kind: AgentKind): Promise<string> {
    const { agent, slot } = await this.#seat(kind, TASK_UID, new AbortController().signal);
    try {
      return await proveAgent(kind, agent);
    } finally {
      await agent.kill();
      await slot.remove();
    }
  }

  /** One for a task whose files this user owns: one that waits, or else a new one. */
  async take(kind: AgentKind, owner: number, signal: AbortSignal): Promise<Seat> {
    const at = this.#waiting.findIndex((one) => one.kind === kind && one.slot.confinement.owner === owner);
    const [found] = at === -1 ? [] : this.#waiting.splice(at, 1);
    return found ?? this.#seat(kind, owner, signal);
  }

  #count(kind: AgentKind): number {
    return this.#waiting.filter((one) => one.kind === kind).length;
  }

  #keep(kind: AgentKind, seat: Seat): void {
    const one = { kind, ...seat };
    this.#waiting.push(one);
    void seat.agent.gone.then(async () => {
      const at = this.#waiting.indexOf(one);
      if (at === -1) return; // it has a task, which takes care
      this.#waiting.splice(at, 1);
      await seat.slot.remove();
    });
  }

  async #seat(kind: AgentKind, owner: number, signal: AbortSignal): Promise<Seat> {
    const slot = await Slot.make(owner, this.#outlet);
    try {
      const agent = await Agent.start(kind, slot.confinement, signal);
      slot.keepSpare();
      return { slot, agent };
    } catch (error) {
      await slot.remove();
      throw error;
    }
  }
}
