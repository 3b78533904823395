import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Pulse } from "./pulse.ts";

function setUp(context: TestContext) {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const said: string[] = [];
  const pulse = new Pulse({
    beat: () => said.push("beat"),
    responsive: (isSo) => said.push(isSo ? "responsive" : "unresponsive"),
    dead: () => said.push("dead"),
  });
  pulse.start();
  return { pulse, said, beat: () => context.mock.timers.tick(5_000) };
}

test("a machine that says nothing is asked, then called unresponsive, then dead", (context) => {
  const { said, beat } = setUp(context);
  for (let count = 0; count < 5; count++) beat();
  assert.deepEqual(said, ["beat", "unresponsive", "dead"]);
});

test("anything it says begins the count anew, and a late word makes it responsive again", (context) => {
  const { pulse, said, beat } = setUp(context);
  for (let count = 0; count < 10; count++) {
    beat();
    pulse.heard();
  }
  assert.deepEqual(new Set(said), new Set(["beat"]));
  said.length = 0;
  for (let count = 0; count < 3; count++) beat();
  pulse.heard();
  assert.deepEqual(said, ["beat", "unresponsive", "responsive"]);
});
