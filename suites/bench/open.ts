import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Phases } from "../../harness/bench/figures.ts";
import { middleBar } from "../../harness/bench/phases.ts";
import { type Section, timed } from "../../harness/bench/section.ts";
import { Clones } from "../../harness/clones.ts";
import { connectIfRunning, makeSandbox, PIWORK, waitFor } from "../../harness/piwork.ts";
import { makeGuestDirectories } from "../../runtime/workspace/guest-directories.ts";
import { BenchRuntime } from "./runtime.ts";
import { openingEnds, watchPhases } from "./watch.ts";

const DEADLINE_MS = 120_000;
/** A cold machine takes fifty times as long: that many are enough to say so. */
const COLD_EVERY = 6;

/** A new task with a folder: in a machine of its own, proven from inside, its agent ready. */
export const opening: Section = {
  name: "open",
  describe: "a task with a folder, from the request until its agent is ready",
  samples: 30,
  async measure(bench) {
    await using clones = await Clones.open(bench.logs);
    bench.accelerated(await clones.acceleration());
    await using fromClones = await BenchRuntime.start(bench, ["--isolation", "vm", "--pool", "0"]);
    await using fromPool = await BenchRuntime.start(bench, ["--isolation", "vm", "--pool", "1"]);
    await using shared = await BenchRuntime.start(bench, ["--isolation", "shared"]);
    const open = async (runtime: BenchRuntime, round: number) => {
      const folder = `folder-${round}`;
      mkdirSync(join(runtime.sandbox.workspace, folder));
      let task = "";
      const watched = await watchPhases(runtime.client, openingEnds, async () => {
        task = await runtime.createTask(`task ${round}`, folder);
      });
      await runtime.client.call("task_delete", { task });
      return watched;
    };
    const fromClone: Phases[] = [];
    const pooled: Phases[] = [];
    const starts: Phases[] = [];
    const describe = "a new task with a folder, written to from both sides, until its agent is ready";
    await bench.inTurn({
      quantities: { "own-machine": { describe, unit: "ms" } },
      target: {
        describe: "in a machine cloned for it",
        async take(round) {
          const { took, phases } = await open(fromClones, round);
          fromClone.push(phases);
          return { "own-machine": took };
        },
      },
      alternatives: [
        {
          ...{ describe: "in the machine that all tasks share", where: "runtime" },
          take: async (round) => ({ "own-machine": (await open(shared, round)).took }),
        },
      ],
    });
    await bench.inTurn({
      quantities: { pool: { describe, unit: "ms" } },
      target: {
        describe: "in a machine of the pool",
        async take(round) {
          await poolIsReady(fromPool);
          const { took, phases } = await open(fromPool, round);
          pooled.push(phases);
          return { pool: took };
        },
      },
      alternatives: [],
    });
    await bench.inTurn({
      quantities: { cold: { describe: "from nothing to an agent that is ready", unit: "ms" } },
      rounds: Math.ceil(bench.samples / COLD_EVERY),
      target: {
        describe: "in a machine cloned for it",
        take: async (round) => ({ cold: (await open(fromClones, 1000 + round)).took }),
      },
      alternatives: [
        {
          ...{ describe: "a cold boot with a cold agent, as such runtimes usually start", where: "runtime" },
          take: async (round) => ({ cold: await timed(() => openCold(clones, `cold-${round}`)) }),
        },
      ],
    });
    await bench.inTurn({
      quantities: { "first-task": { describe: "from the start of `piwork up` until a task is ready", unit: "ms" } },
      target: {
        describe: "with a template",
        async take() {
          const { took, phases } = await startAndOpen(bench.logs);
          starts.push(phases);
          return { "first-task": took };
        },
      },
      alternatives: [],
    });
    bench.put({
      ...{ kind: "breakdown", id: "open.phases", describe: "what opening a task is made of", unit: "ms" },
      bars: [
        ...middleBar("in a machine cloned for it", fromClone),
        ...middleBar("in a machine of the pool", pooled),
        ...middleBar("in a runtime that has to start first", starts),
      ],
    });
  },
};

/** A machine waits that has rehearsed; it is paused then. */
async function poolIsReady({ client }: BenchRuntime): Promise<void> {
  await waitFor("a machine of the pool", DEADLINE_MS, async () => {
    const { machines } = await client.call("status", {});
    return machines.some(({ task, state }) => task === null && state === "paused") || undefined;
  });
}

async function openCold(clones: Clones, taskId: string): Promise<void> {
  makeGuestDirectories(join(clones.directory, "tasks"), taskId);
  mkdirSync(join(clones.directory, "workspace", taskId));
  await using machine = await (await clones.start()).up;
  const task = { taskId, title: taskId, folder: taskId, agent: "probe", model: null, mounts: [] } as const;
  await machine.bridge.request("create_or_open_task", { ...task, mounts: [] }, { deadlineMs: DEADLINE_MS });
}

async function startAndOpen(logs: string): Promise<{ took: number; phases: Phases }> {
  using sandbox = makeSandbox(logs);
  const started = performance.now();
  const words = [...sandbox.words, "up", "--headless", "--workspace", sandbox.workspace];
  const child = spawn(process.execPath, [PIWORK, ...words], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    const client = await waitFor("the runtime", DEADLINE_MS, () => connectIfRunning(sandbox.state));
    const up = performance.now() - started;
    const create = () => client.call("task_create", { title: "first", folder: null });
    const { took, phases } = await watchPhases(client, openingEnds, create);
    return { took: up + took, phases: [{ name: "the runtime starts, until it answers", value: up }, ...phases] };
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}
