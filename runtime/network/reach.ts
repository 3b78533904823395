import { lookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { LIMITS } from "../protocol/limits.ts";
import { specialPurpose } from "./addresses.ts";
import { LookupTurns } from "./lookup-turns.ts";
import { ProxyRefusal } from "./refusal.ts";

/** The addresses of a host. */
export type Lookup = (host: string) => Promise<string[]>;

export interface ReachOptions {
  /** in place of the host's own */
  lookup?: Lookup;
  /** addresses that count as public besides those that are; nothing that a user can say sets it */
  publicAddresses?: readonly string[];
}

/** How a socket is led to addresses that were looked at before, and to no others. */
export interface PinnedRoute {
  host: string;
  port: number;
  lookup: LookupFunction;
  autoSelectFamily: true;
}

/** Finds the addresses of hosts, and which of them a task may be led to. */
export class Reach {
  readonly #lookup: Lookup;
  readonly #public: ReadonlySet<string>;
  /** Providers' names have a thread of their own: slow names of tasks must not keep the models of all from being found. */
  readonly #ofTasks = new LookupTurns(LIMITS.networkLookups, LIMITS.networkStreams);
  readonly #ofProviders = new LookupTurns(1, LIMITS.networkStreams);

  constructor({ lookup = lookUp, publicAddresses = [] }: ReachOptions = {}) {
    this.#lookup = lookup;
    this.#public = new Set(publicAddresses);
  }

  /** The way to a host, all of whose addresses are public: with another one among them, whoever answers for the name may choose it later. */
  async toPublic(host: string, port: number, task: string): Promise<PinnedRoute> {
    const addresses = await this.#addresses(host, `'${host}'`, this.#ofTasks, task);
    for (const address of addresses) {
      const purpose = this.#public.has(address) ? undefined : specialPurpose(address);
      if (purpose === undefined) continue;
      throw new ProxyRefusal(
        403,
        `'${host}' leads to ${address} (${purpose}), where no task may go, whatever its rules say.`,
        `the address ${address} is special: ${purpose}`,
      );
    }
    return way(host, port, addresses);
  }

  /** The way to a host that the user named for a provider, wherever that is. */
  async toProvider(host: string, port: number, task: string): Promise<PinnedRoute> {
    // Where it is, is nothing to the task.
    return way(host, port, await this.#addresses(host, "the provider", this.#ofProviders, task));
  }

  async #addresses(host: string, called: string, turns: LookupTurns, task: string): Promise<string[]> {
    if (isIP(host) !== 0) return [host];
    // One that was given up still takes its thread until it ends.
    const finding = turns.take(task, () => this.#lookup(host));
    const found = await within(LIMITS.networkLookupMs, `finding ${called}`, finding).catch((error) => {
      if (error instanceof ProxyRefusal) throw error;
      throw new ProxyRefusal(502, `${called} has no address: ${(error as NodeJS.ErrnoException).code ?? "unknown"}.`);
    });
    if (found.length === 0) throw new ProxyRefusal(502, `${called} has no address.`);
    return found;
  }
}

async function lookUp(host: string): Promise<string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}

function way(host: string, port: number, addresses: readonly string[]): PinnedRoute {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return {
    host,
    port,
    autoSelectFamily: true,
    lookup(_host, _options, done) {
      done(null, found);
    },
  };
}

/** Waits at most so long. */
export async function within<T>(milliseconds: number, doing: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const words = `${doing} took longer than ${milliseconds / 1000} s.`;
    timer = setTimeout(() => reject(new ProxyRefusal(504, words)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
