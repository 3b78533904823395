import { join } from "node:path";
import { type Check, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines, UNSAFE } from "../harness/machines/prepare.ts";
import { Random } from "../harness/random/random.ts";
import { Testbed } from "./lifecycle/faults/testbed.ts";
import { agrees } from "./walk/agrees.ts";
import { Model } from "./walk/model.ts";
import { FIRST, STEPS, type Walk } from "./walk/steps.ts";

const STEPS_PER_ROUND = 5;

/** The check that a round of the walk is, the first being 1. */
export const roundId = (round: number) => `walk.round-${round}`;

/** `walk.ts [ROUNDS [SEED]]` */
if (import.meta.filename === process.argv[1]) {
  const [rounds = 100, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
  await prepareMachines(UNSAFE);
  conclude(await walk(rounds, seed));
}

/** Does one thing after the other to a runtime, at random, and compares it with a model after each. */
export async function walk(rounds: number, seed: number): Promise<Tally> {
  const run = new Run("walk", { command: `npx mise run test-walk ${rounds} ${seed}` });
  console.log(
    `seed ${seed}, ${rounds} rounds of ${STEPS_PER_ROUND} steps; repeat with: mise run test-walk ${rounds} ${seed}`,
  );
  const testbed = await Testbed.open(join(run.directory, "testbed"));
  const model = new Model();
  const walk: Walk = { testbed, model, random: new Random(seed) };
  // Through it the harness acts as the machine's root; the walk leaves it alone.
  model.active = testbed.bystander.id;
  const checks = Array.from({ length: rounds }, (_, round): Check => {
    const words: string[] = [];
    return {
      id: roundId(round + 1),
      get claim() {
        return words.join("; ") || "a round of the walk";
      },
      async run() {
        for (let count = 0; count < STEPS_PER_ROUND; count++) {
          const step = model.tasks.size === 0 ? FIRST : walk.random.weighted(STEPS);
          words.push(await step(walk));
          await agrees(walk);
        }
      },
    };
  });
  run.expect(checks);
  try {
    await run.keepState("before", testbed.client);
    for (const check of checks) {
      await run.perform([check]);
      // After a contradiction the model no longer knows what is true.
      if (run.results.at(-1)?.verdict === "failed") break;
    }
    await run.keepState("after", testbed.client);
  } finally {
    await testbed[Symbol.asyncDispose]();
  }
  return run.finish();
}
