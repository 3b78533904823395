import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { type Section, timed } from "../../harness/bench/section.ts";
import { BenchRuntime } from "./runtime.ts";

/** As a person or an agent gives one command after the other; a sandbox for the next one is made meanwhile, in milliseconds. */
const BETWEEN_MS = 2_000;

/** A command that does nothing: what the walls around it cost. */
export const executing: Section = {
  name: "exec",
  describe: "the command `true`, from its request to its exit",
  samples: 40,
  async measure(bench) {
    await using runtime = await BenchRuntime.start(bench);
    const task = await runtime.createTask("commands");
    const inTask = async () => assert.equal((await runtime.talk.exec(["true"], { task })).code, 0, "it failed");
    await bench.inTurn({
      quantities: { true: { describe: "`true`, from request to exit", unit: "ms" } },
      target: {
        describe: "in a task's walls, by the control API, with two seconds between commands",
        take: async () => {
          await delay(BETWEEN_MS);
          return { true: await timed(inTask) };
        },
      },
      alternatives: [
        {
          describe: "the same, at once behind another command: its sandbox is not made yet",
          where: "runtime",
          take: async () => ({ true: await timed(inTask) }),
        },
        {
          describe: "as a plain process of the host",
          where: "host",
          take: async () => ({ true: await timed(() => succeed("true")) }),
        },
        {
          describe: "in plain bubblewrap on the host",
          where: "host",
          take: async () => ({
            true: await timed(() => succeed("bwrap", "--unshare-all", "--ro-bind", "/", "/", "true")),
          }),
        },
      ],
    });
  },
};

/** Runs a command of the host; rejects unless it succeeds. */
function succeed(program: string, ...words: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    spawn(program, words, { stdio: "ignore" })
      .once("error", reject)
      .once("close", (code) => (code === 0 ? resolve() : reject(new Error(`${program} ended with code ${code}`))));
  });
}
