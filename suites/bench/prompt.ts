import assert from "node:assert/strict";
import type { Phases } from "../../harness/bench/figures.ts";
import { middleBar } from "../../harness/bench/phases.ts";
import { type Section, timed } from "../../harness/bench/section.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { HostProbe } from "./host-probe.ts";
import { BenchRuntime } from "./runtime.ts";
import { watchPhases } from "./watch.ts";

const MESSAGE = "what a person might ask an agent, in about this many words";

/** Prompts whose phases are told, beside those that are measured. */
const WATCHED = 9;

/** A prompt and its whole answer. */
export const prompting: Section = {
  name: "prompt",
  describe: "a prompt that is echoed by an agent that waits, until its turn has ended",
  samples: 50,
  async measure(bench) {
    await using runtime = await BenchRuntime.start(bench);
    const task = await runtime.createTask("prompts");
    using probe = await HostProbe.make();
    await using plain = probe.startPlain();
    await using walled = probe.startInBubblewrap();
    const echo = (ask: (message: string) => Promise<string>) => async () => ({
      echo: await timed(async () => assert.equal(await ask(MESSAGE), MESSAGE, "another answer came")),
    });
    await bench.inTurn({
      quantities: { echo: { describe: "from a prompt to the end of its turn", unit: "ms" } },
      target: {
        describe: "an agent in a task, by the control API",
        take: echo((message) => runtime.talk.ask(message, task)),
      },
      alternatives: [
        {
          describe: "the same agent as a plain process of the host, by its stdin",
          where: "host",
          take: echo((message) => plain.ask(message)),
        },
        {
          describe: "the same agent in plain bubblewrap on the host",
          where: "host",
          take: echo((message) => walled.ask(message)),
        },
      ],
    });
    const phases: Phases[] = [];
    for (let round = 0; round < WATCHED; round++)
      phases.push((await watchPhases(runtime.client, promptEnds, () => runtime.talk.ask(MESSAGE, task))).phases);
    bench.put({
      kind: "breakdown",
      id: "prompt.phases",
      describe: "what a prompt is made of",
      unit: "ms",
      bars: middleBar("a prompt", phases),
    });
  },
};

function promptEnds({ event }: RuntimeEvent): string | undefined {
  if (event === "agent_output") return "the agent is asked, and answers";
  return event === "agent_end" ? "the turn is saved" : undefined;
}
