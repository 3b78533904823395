import type { Phases } from "../../harness/bench/figures.ts";
import { middleBar } from "../../harness/bench/phases.ts";
import { type Section, timed } from "../../harness/bench/section.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { BenchRuntime } from "./runtime.ts";
import { openingEnds, watchPhases } from "./watch.ts";

/** Switches whose phases are told, beside those that are measured. */
const WATCHED = 9;

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
    const switches: Phases[] = [];
    const switchTo = (task: string) => client.call("task_switch", { task });
    await bench.inTurn({
      quantities: { ready: { describe: "from `task_switch` to task_ready", unit: "ms" } },
      target: {
        describe: "the other task is open",
        // The third task is the active one by then, so this is always a real switch.
        take: async (round) => ({ ready: await timed(() => switchTo(open[round % 2 === 0 ? 0 : 1])) }),
      },
      alternatives: [
        {
          describe: "the other task is stopped: its agent is started in the running machine",
          where: "runtime",
          async take() {
            await client.call("task_stop", { task: cold });
            const { took, phases } = await watchPhases(client, openingEnds, () => switchTo(cold));
            openings.push(phases);
            return { ready: took };
          },
        },
      ],
    });
    for (let round = 0; round < WATCHED; round++)
      switches.push((await watchPhases(client, switchEnds, () => switchTo(open[round % 2 === 0 ? 0 : 1]))).phases);
    bench.put({
      kind: "breakdown",
      id: "switch.phases",
      describe: "what a switch to an open task is made of",
      unit: "ms",
      bars: middleBar("a switch", switches),
    });
    bench.put({
      kind: "breakdown",
      id: "switch.opening",
      describe: "what opening a stopped task is made of",
      unit: "ms",
      bars: middleBar("an opening", openings),
    });
  },
};

function switchEnds({ event }: RuntimeEvent): string | undefined {
  return event === "task_ready" ? "taskd is woken and asked, and says that the task is ready" : undefined;
}
