import type { Duplex } from "node:stream";
import type { CallOutput } from "../api/calls.ts";
import { LIMITS } from "../protocol/limits.ts";
import { type NetworkPolicy, type NetworkRequest, networkPolicy } from "../protocol/network.ts";
import { Policies } from "./policies.ts";
import { NOTHING } from "./policy.ts";
import { Providers } from "./providers.ts";
import { TaskProxy } from "./proxy.ts";
import { Reach, type ReachOptions } from "./reach.ts";

export interface NetworkParts {
  /** directory of the policies */
  policies: string;
  /** directory of the state, where the providers are */
  state: string;
  /** what tasks get that are created from now on */
  allowed?: NetworkPolicy | undefined;
  reach: ReachOptions | undefined;
  /** the task is there */
  isKnown(task: string): boolean;
  /** something of the task may run */
  mayRun(task: string): boolean;
  /** a request of a task is over */
  requested(task: string, request: NetworkRequest): void;
  warn(message: string, facts: Record<string, unknown>): void;
}

/** The way of all tasks to the outside. */
export class Network {
  readonly providers: Providers;
  readonly #parts: NetworkParts;
  readonly #policies: Policies;
  readonly #proxy: TaskProxy;
  /** the last requests of each task, the oldest first */
  readonly #requests = new Map<string, NetworkRequest[]>();

  constructor(parts: NetworkParts) {
    this.#parts = parts;
    this.providers = new Providers(parts.state);
    this.#policies = new Policies(parts.policies);
    this.#proxy = new TaskProxy({
      policy: (task) => this.#policies.of(task),
      provider: (name) => this.providers.find(name),
      reach: new Reach(parts.reach),
      over: (task, request) => this.#keep(task, request),
      unexpected: (error) => parts.warn("the proxy of tasks failed", { error }),
    });
  }

  /** Serves a connection of a task. */
  serve(stream: Duplex, task: string): void {
    if (this.#parts.isKnown(task) && this.#parts.mayRun(task)) return this.#proxy.serve(stream, task);
    this.#parts.warn("a connection of a task that is not open was refused", { task });
    stream.destroy();
  }

  /** What a task may reach, and what it asked for last. */
  show(task: string): CallOutput<"network"> {
    const requests = [...(this.#requests.get(task) ?? [])];
    return { policy: this.#policies.of(task), providers: this.providers.views(), requests };
  }

  /** What a task may reach from now on. What is under way, and is not allowed any more, ends. */
  allow(task: string, policy: NetworkPolicy): NetworkPolicy {
    this.#policies.write(task, policy);
    this.#proxy.drop(task);
    return policy;
  }

  /** A task was created, and gets what was asked for it and what all new ones get. */
  begin(task: string, policy: NetworkPolicy = NOTHING): void {
    const allow = [...(this.#parts.allowed?.allow ?? []), ...policy.allow];
    // Each may have as many as there can be; both together have not.
    if (allow.length > 0) this.#policies.write(task, networkPolicy.parse({ allow }));
  }

  forget(task: string): void {
    this.#proxy.drop(task);
    this.#policies.forget(task);
    this.#requests.delete(task);
  }

  #keep(task: string, request: NetworkRequest): void {
    if (!this.#parts.isKnown(task)) return; // it was deleted meanwhile
    const kept = this.#requests.get(task) ?? [];
    this.#requests.set(task, [...kept, request].slice(-LIMITS.networkRequests));
    this.#parts.requested(task, request);
  }
}
