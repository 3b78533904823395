import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RuntimeFacts } from "../../runtime/api/bundle.ts";
import type { StatusView } from "../../runtime/api/status.ts";
import type { Client } from "../../runtime/control/client.ts";

/** Lies beside the logs of a runtime that a suite has started. */
export const FACTS_FILE = "runtime-facts.json";

/** The same of one that has tasks by now: where each has a machine, there was none before. */
export async function keepFactsOf(client: Client): Promise<void> {
  const status = await client.call("status", {});
  if (status.machines.length > 0) keepFacts(status.logs, status);
}

/** Keeps what a runtime says of itself, and the words that its QEMUs run with. */
export function keepFacts(logs: string, { isolation, acceleration, image, template, machines }: StatusView): void {
  const facts: RuntimeFacts = {
    schema: 1,
    isolation,
    acceleration,
    image: image?.inputs ?? null,
    template: template?.key ?? null,
    qemu: machines.flatMap(({ pid }) => commandLine(pid)),
  };
  writeFileSync(join(logs, FACTS_FILE), `${JSON.stringify(facts, null, 1)}\n`);
}

function commandLine(pid: number | null): string[][] {
  if (pid === null) return [];
  try {
    return [readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1)];
  } catch {
    return []; // it has just ended
  }
}
