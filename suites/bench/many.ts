import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Series } from "../../harness/bench/figures.ts";
import { middleBar } from "../../harness/bench/phases.ts";
import { type Section, timed } from "../../harness/bench/section.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { memoryOf, partsOfMemory, spentMs } from "./processes.ts";
import { BenchRuntime } from "./runtime.ts";

/** How long processor time is counted for, in milliseconds. */
const IDLE_MS = 20_000;
const SETTLE_DEADLINE_MS = 600_000;
/** Prompts to paused and to running machines. */
const PROMPTS = 30;

/** Many open tasks at once, each in a machine of its own. */
export const many: Section = {
  name: "many",
  describe: "many open tasks, each in a machine of its own",
  samples: 200,
  async measure(bench) {
    await using runtime = await BenchRuntime.start(bench, ["--isolation", "vm", "--pool", "0"]);
    const { client, talk } = runtime;
    const tasks: string[] = [];
    const points: Series["lines"][number]["points"] = [];
    for (let at = 1; at <= bench.samples; at++) {
      mkdirSync(join(runtime.sandbox.workspace, `folder-${at}`));
      let value: number | null = null;
      try {
        value = await timed(async () => tasks.push(await runtime.createTask(`task ${at}`, `folder-${at}`)));
      } catch (error) {
        console.error(`task ${at} was not opened: ${(error as Error).message}`);
      }
      points.push({ at, value });
      bench.put({
        kind: "series",
        id: "many.open",
        describe: "how long opening the nth task takes",
        unit: "ms",
        by: "open tasks",
        lines: [{ describe: "in a machine cloned for it", points }],
      });
    }
    const machines = async () => (await client.call("status", {})).machines;
    const allPaused = () =>
      waitFor(
        "all machines to be paused",
        SETTLE_DEADLINE_MS,
        async () => (await machines()).every(({ state }) => state === "paused") || undefined,
      );
    await allPaused();
    const pids = (await machines()).flatMap(({ pid }) => pid ?? []);
    const { pid: own } = await client.call("status", {});
    const spent = () => [...pids, own].reduce((sum, pid) => sum + spentMs(pid), 0);
    await bench.inTurn({
      rounds: 5,
      quantities: {
        memory: { describe: "proportional memory of one task's machine", unit: "MB" },
        idle: { describe: "processor time of all machines and the runtime together, of a core", unit: "%" },
      },
      target: {
        describe: `${tasks.length} idle tasks`,
        async take() {
          const [before, started] = [spent(), performance.now()];
          await delay(IDLE_MS);
          const idle = ((spent() - before) / (performance.now() - started)) * 100;
          const memory = pids.reduce((sum, pid) => sum + memoryOf(pid).proportional, 0) / pids.length;
          return { idle, memory };
        },
      },
      alternatives: [],
    });
    bench.put({
      kind: "breakdown",
      id: "many.memory-parts",
      describe: "what that memory is made of",
      unit: "MB",
      bars: middleBar("a machine", pids.map(partsOfMemory)),
    });
    await bench.inTurn({
      rounds: bench.samples,
      quantities: { answer: { describe: "a prompt to each of them, one after the other", unit: "ms" } },
      target: {
        describe: "each task, paused until then",
        async take(round) {
          const task = tasks[round % Math.max(1, tasks.length)];
          assert.equal(typeof task, "string", "no task was opened");
          return {
            answer: await timed(async () => assert.equal(await talk.ask(`task ${round}`, task), `task ${round}`)),
          };
        },
      },
      alternatives: [],
    });
    const first = tasks[0] as string;
    const stateOf = async () => (await machines()).find(({ task }) => task === first)?.state;
    await bench.inTurn({
      rounds: Math.min(PROMPTS, bench.samples),
      quantities: { "paused-prompt": { describe: "a prompt and its answer", unit: "ms" } },
      target: {
        describe: "to a task whose machine is paused",
        async take() {
          await waitFor(
            "its machine to be paused",
            SETTLE_DEADLINE_MS,
            async () => (await stateOf()) === "paused" || undefined,
          );
          return { "paused-prompt": await timed(() => talk.ask("hello", first)) };
        },
      },
      alternatives: [
        {
          describe: "to the same task, while its machine runs",
          where: "runtime",
          take: async () => ({ "paused-prompt": await timed(() => talk.ask("hello", first)) }),
        },
      ],
    });
  },
};
