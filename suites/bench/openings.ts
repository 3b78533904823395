import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Phases } from "../../harness/bench/figures.ts";
import { type Bench, type Plan, timed } from "../../harness/bench/section.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import type { Clones } from "../../harness/machines/clones.ts";
import { KNOWN_FILES } from "../../harness/machines/raw-link.ts";
import { NOTHING_CHOSEN } from "../../runtime/machine/rehearsal.ts";
import type { AgentKind } from "../../runtime/protocol/kinds.ts";
import { makeGuestDirectories } from "../../runtime/workspace/guest-directories.ts";
import type { BenchRuntime } from "./runtime.ts";
import { openingEnds, watchPhases } from "./watch.ts";

export const OPENING_DEADLINE_MS = 120_000;
/** A cold machine takes fifty times as long: that many are enough to say so. */
const COLD_EVERY = 6;

/** Opens a new task with a folder, and deletes it. */
export async function openAndDelete(runtime: BenchRuntime, round: number): Promise<{ took: number; phases: Phases }> {
  const folder = `folder-${round}`;
  mkdirSync(join(runtime.sandbox.workspace, folder));
  let task = "";
  const watched = await watchPhases(runtime.client, openingEnds, async () => {
    task = await runtime.createTask(`task ${round}`, folder);
  });
  await runtime.client.call("task_delete", { task });
  return watched;
}

/** Measures openings in a machine cloned for each, beside these alternatives; gives what each was made of. */
export async function measureOwn(
  bench: Bench,
  runtime: BenchRuntime,
  describe: string,
  alternatives: Plan<"own-machine">["alternatives"] = [],
): Promise<Phases[]> {
  const cloned: Phases[] = [];
  await bench.inTurn({
    quantities: { "own-machine": { describe, unit: "ms" } },
    target: {
      describe: "in a machine cloned for it",
      async take(round) {
        const { took, phases } = await openAndDelete(runtime, round);
        cloned.push(phases);
        return { "own-machine": took };
      },
    },
    alternatives,
  });
  return cloned;
}

/** Measures openings in a machine cloned for each, beside a cold boot with a cold agent. */
export async function measureCold(
  bench: Bench,
  runtime: BenchRuntime,
  clones: Clones,
  agent: AgentKind,
): Promise<void> {
  const name = agent === "pi" ? "pi" : "an agent";
  await bench.inTurn({
    quantities: { cold: { describe: `from nothing to ${name} that is ready`, unit: "ms" } },
    rounds: Math.ceil(bench.samples / COLD_EVERY),
    target: {
      describe: "in a machine cloned for it",
      take: async (round) => ({ cold: (await openAndDelete(runtime, 1000 + round)).took }),
    },
    alternatives: [
      {
        describe: "a cold boot with a cold agent, as such runtimes usually start",
        where: "runtime",
        take: async (round) => ({ cold: await timed(() => openCold(clones, `cold-${round}`, agent)) }),
      },
    ],
  });
}

/** Measures openings in machines of a pool; gives what each was made of. */
export async function measurePool(bench: Bench, runtime: BenchRuntime, describe: string): Promise<Phases[]> {
  const pooled: Phases[] = [];
  await bench.inTurn({
    quantities: { pool: { describe, unit: "ms" } },
    target: {
      describe: "in a machine of the pool",
      async take(round) {
        await poolIsReady(runtime);
        const { took, phases } = await openAndDelete(runtime, round);
        pooled.push(phases);
        return { pool: took };
      },
    },
    alternatives: [],
  });
  return pooled;
}

/** A machine waits that has rehearsed; it is paused then. */
async function poolIsReady({ client }: BenchRuntime): Promise<void> {
  await waitFor("a machine of the pool", OPENING_DEADLINE_MS, async () => {
    const { machines } = await client.call("status", {});
    return machines.some(({ task, state }) => task === null && state === "paused") || undefined;
  });
}

/** Boots a machine, and opens a task with this agent in it. */
async function openCold(clones: Clones, taskId: string, agent: AgentKind): Promise<void> {
  makeGuestDirectories(join(clones.directory, "tasks"), taskId);
  mkdirSync(join(clones.directory, "workspace", taskId));
  await using machine = await (await clones.start()).up;
  const task = { taskId, title: taskId, folder: taskId, agent, ...NOTHING_CHOSEN, files: KNOWN_FILES };
  await machine.bridge.request("create_or_open_task", task, { deadlineMs: OPENING_DEADLINE_MS });
}
