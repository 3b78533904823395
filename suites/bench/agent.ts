import assert from "node:assert/strict";
import type { Phases } from "../../harness/bench/figures.ts";
import { middleBar } from "../../harness/bench/phases.ts";
import { type Section, timed } from "../../harness/bench/section.ts";
import { Clones } from "../../harness/machines/clones.ts";
import { measureCold, measureOwn, measurePool } from "./openings.ts";
import { memoryOf, partsOfMemory } from "./processes.ts";
import { BenchRuntime } from "./runtime.ts";

const WORDS = ["--agent", "pi", "--provider", "scripted"];
/** Idle tasks whose memory is counted: what they share counts by parts. */
const IDLE_TASKS = 10;
const MESSAGE = "script\nsay That is all.";

/** The real agent: from nothing to ready, and what it costs. */
export const realAgent: Section = {
  name: "agent",
  describe: "a task with the real agent, and the scripted model",
  samples: 30,
  async measure(bench) {
    await using clones = await Clones.open(bench.logs);
    bench.accelerated(await clones.acceleration());
    await using fromClones = await BenchRuntime.start(bench, [...WORDS, "--pool", "0"]);
    const describe = "a new task with a folder, until pi is ready in it";
    const fromClone = await measureOwn(bench, fromClones, describe);
    await measureCold(bench, fromClones, clones, "pi");
    let pooled: Phases[];
    {
      await using fromPool = await BenchRuntime.start(bench, [...WORDS, "--pool", "1"]);
      pooled = await measurePool(bench, fromPool, describe);
    }
    bench.put({
      kind: "breakdown",
      id: "agent.phases",
      describe: "what opening a task with pi is made of",
      unit: "ms",
      bars: [...middleBar("in a machine cloned for it", fromClone), ...middleBar("in a machine of the pool", pooled)],
    });
    const tasks: string[] = [];
    for (let task = 0; task < IDLE_TASKS; task++) tasks.push(await fromClones.createTask(`idle ${task}`));
    const pids = await Promise.all(tasks.map((task) => fromClones.running.qemuPid(task)));
    const memory = async (pid: number | undefined) => ({ memory: memoryOf(pid as number).proportional });
    await bench.inTurn({
      rounds: IDLE_TASKS,
      quantities: { memory: { describe: "proportional memory of a machine", unit: "MB" } },
      target: { describe: `one of ${IDLE_TASKS} with pi that is ready`, take: (round) => memory(pids[round - 1]) },
      alternatives: [],
    });
    bench.put({
      kind: "breakdown",
      id: "agent.memory-parts",
      describe: "what that memory is made of",
      unit: "MB",
      bars: middleBar("a machine", pids.map(partsOfMemory)),
    });
    const ask = (task: string | undefined) =>
      timed(async () => assert.equal(await fromClones.talk.ask(MESSAGE, task), "That is all."));
    await bench.inTurn({
      rounds: IDLE_TASKS,
      quantities: { prompt: { describe: "a prompt that the scripted model answers with one sentence", unit: "ms" } },
      target: { describe: "the first of a task", take: async (round) => ({ prompt: await ask(tasks[round - 1]) }) },
      alternatives: [
        {
          describe: "a later one",
          where: "runtime",
          take: async (round) => ({ prompt: await ask(tasks[round - 1]) }),
        },
      ],
    });
  },
};
