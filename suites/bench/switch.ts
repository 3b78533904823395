import type { Phases } from "../../harness/bench/figures.ts";
import { middleBar } from "../../harness/bench/phases.ts";
import { type Section, timed } from "../../harness/bench/section.ts";
import type { Client } from "../../runtime/control/client.ts";
import { BenchRuntime } from "./runtime.ts";

/** From one open task to another. */
export const switching: Section = {
  name: "switch",
  describe: "going from one task to another that is open",
  samples: 40,
  async measure(bench) {
    await using runtime = await BenchRuntime.start(bench);
    const { client } = runtime;
    const open = [await runtime.createTask("one"), await runtime.createTask("two")] as const;
    const cold = await runtime.createTask("cold");
    const openings: Phases[] = [];
    const switchTo = (task: string) => timed(() => client.call("task_switch", { task }));
    await bench.inTurn({
      quantities: { ready: { describe: "from `task_switch` to task_ready", unit: "ms" } },
      target: {
        describe: "the other task is open",
        // The third task is the active one by then, so this is always a real switch.
        take: async (round) => ({ ready: await switchTo(open[round % 2 === 0 ? 0 : 1]) }),
      },
      alternatives: [
        {
          describe: "the other task is stopped: its agent is started in the running machine",
          where: "runtime",
          async take() {
            await client.call("task_stop", { task: cold });
            const { ready, phases } = await watchOpening(client, cold, () => switchTo(cold));
            openings.push(phases);
            return { ready };
          },
        },
      ],
    });
    bench.put({
      ...{ kind: "breakdown", id: "switch.opening", describe: "what opening a stopped task is made of", unit: "ms" },
      bars: middleBar("an opening", openings),
    });
  },
};

/** How long each step of an opening took, by the arrival of what taskd says of it. */
async function watchOpening(client: Client, task: string, opening: () => Promise<number>) {
  using over = new EndOfWatch();
  const steps: { name: string; at: number }[] = [];
  const events = client.stream("events", {}, over.signal);
  await events.next(); // it says that events are sent from now on
  const watching = (async () => {
    for await (const item of events) {
      if (!("event" in item) || item.taskId !== task) continue;
      if (item.event === "task_bootstrap_state") steps.push({ name: item.payload.step, at: performance.now() });
      if (item.event === "task_ready") return;
    }
  })();
  const started = performance.now();
  const ready = await opening();
  await watching;
  const starts = [{ name: "request", at: started }, ...steps];
  const ends = [...steps.map(({ at }) => at), started + ready];
  const phases = starts.map(({ name, at }, index) => ({ name, value: Math.max(0, (ends[index] ?? at) - at) }));
  return { ready, phases };
}

class EndOfWatch extends AbortController implements Disposable {
  [Symbol.dispose](): void {
    this.abort();
  }
}
