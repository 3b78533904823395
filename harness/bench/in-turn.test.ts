import assert from "node:assert/strict";
import { test } from "node:test";
import { type Taken, takeInTurn } from "./in-turn.ts";

test("all ways are taken in turn, every failure counts, and a way has what it gives", async () => {
  const order: string[] = [];
  const told: Taken[] = [];
  const rounds = takeInTurn(
    "any",
    {
      quantities: { time: { describe: "time", unit: "ms" }, size: { describe: "size", unit: "MB" } },
      target: {
        describe: "target",
        take(round) {
          order.push(`target ${round}`);
          if (round === 2) throw new Error("gone");
          return { time: round * 10, size: 1 };
        },
      },
      alternatives: [
        {
          describe: "other",
          where: "host",
          gives: ["time"],
          async take(round) {
            order.push(`other ${round}`);
            return { time: 5 };
          },
        },
      ],
    },
    3,
    (taken) => told.push(taken),
  );
  let figures: Awaited<ReturnType<typeof rounds.next>>["value"] = [];
  for await (figures of rounds);
  assert.deepEqual(order, ["target 1", "other 1", "target 2", "other 2", "target 3", "other 3"]);
  const [time, size] = figures;
  assert.deepEqual([time?.id, size?.id], ["any.time", "any.size"]);
  assert.deepEqual(time?.target.spread, { taken: 3, failed: 1, p50: 30, p95: null, max: null });
  assert.equal(time?.target.samples[1]?.failure, "gone");
  assert.equal(time?.alternatives[0]?.ratio, 6);
  assert.deepEqual(size?.alternatives, []);
  assert.equal(told.length, 9);
});

test("a sample that is left out has failed", async () => {
  const rounds = takeInTurn(
    "any",
    {
      quantities: { time: { describe: "time", unit: "ms" } },
      target: { describe: "target", take: () => ({}) },
      alternatives: [],
    },
    1,
    () => {},
  );
  for await (const [figure] of rounds) assert.equal(figure?.target.spread.failed, 1);
});
