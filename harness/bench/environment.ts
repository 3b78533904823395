import { lookAround, lookAtSources } from "../evidence/environment.ts";
import type { Environment } from "./document.ts";

/** Where and of what a bench is, in short: its bundle has the rest. */
export function lookAtBench(): Environment {
  const { processor, cores, memoryMb, load, system, node } = lookAround();
  const { commit, clean } = lookAtSources();
  return {
    startedAt: new Date().toISOString(),
    commit: commit?.slice(0, 12) ?? null,
    changed: clean === false,
    processor,
    cores,
    memoryMb,
    load,
    system,
    node,
    acceleration: null,
  };
}
