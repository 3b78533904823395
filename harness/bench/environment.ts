import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { REPOSITORY } from "../../runtime/places.ts";
import type { Environment } from "./document.ts";

/** Where and of what a run is. */
export function lookAround(): Environment {
  const status = git("status", "--porcelain");
  return {
    startedAt: new Date().toISOString(),
    commit: git("rev-parse", "--short=12", "HEAD") ?? null,
    changed: status !== undefined && status !== "",
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 2 ** 20),
    load: loadavg(),
    system: `${type()} ${release()}`,
    node: process.version,
    acceleration: null,
  };
}

/** undefined where this is no checkout, or there is no git */
function git(...words: string[]): string | undefined {
  try {
    return execFileSync("git", words, {
      cwd: REPOSITORY,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}
