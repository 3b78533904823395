import { $ } from "zx";
import type { Phases } from "../../harness/bench/figures.ts";
import { middleBar } from "../../harness/bench/phases.ts";
import type { Section } from "../../harness/bench/section.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { Clones } from "../../harness/machines/clones.ts";
import { connectIfRunning, makeSandbox, PIWORK } from "../../harness/runtimes/piwork.ts";
import { measureCold, measureOwn, measurePool, OPENING_DEADLINE_MS, openAndDelete } from "./openings.ts";
import { BenchRuntime } from "./runtime.ts";
import { openingEnds, watchPhases } from "./watch.ts";

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
    const starts: Phases[] = [];
    const describe = "a new task with a folder, written to from both sides, until its agent is ready";
    const fromClone = await measureOwn(bench, fromClones, describe, [
      {
        describe: "in the machine that all tasks share",
        where: "runtime",
        take: async (round) => ({ "own-machine": (await openAndDelete(shared, round)).took }),
      },
    ]);
    const pooled = await measurePool(bench, fromPool, describe);
    await measureCold(bench, fromClones, clones, "probe");
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
      kind: "breakdown",
      id: "open.phases",
      describe: "what opening a task is made of",
      unit: "ms",
      bars: [
        ...middleBar("in a machine cloned for it", fromClone),
        ...middleBar("in a machine of the pool", pooled),
        ...middleBar("in a runtime that has to start first", starts),
      ],
    });
  },
};

async function startAndOpen(logs: string): Promise<{ took: number; phases: Phases }> {
  using sandbox = makeSandbox(logs);
  const started = performance.now();
  const words = [...sandbox.words, "up", "--headless", "--workspace", sandbox.workspace];
  const runtime = $({ stdio: "ignore", nothrow: true })`exec ${process.execPath} ${PIWORK} ${words}`;
  try {
    const client = await waitFor("the runtime", OPENING_DEADLINE_MS, () => connectIfRunning(sandbox.state));
    const up = performance.now() - started;
    const create = () => client.call("task_create", { title: "first", folder: null });
    const { took, phases } = await watchPhases(client, openingEnds, create);
    return { took: up + took, phases: [{ name: "the runtime starts, until it answers", value: up }, ...phases] };
  } finally {
    runtime.child?.kill("SIGTERM");
    await runtime;
  }
}
