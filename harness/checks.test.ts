import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { type Check, Run } from "./checks.ts";

async function tally(checks: Check[], expected: string[]) {
  const run = new Run("self-test");
  try {
    await run.perform(checks);
    return run.finish(expected);
  } finally {
    rmSync(run.directory, { recursive: true });
  }
}

const good: Check = { id: "a", claim: "true", run: () => {} };
const bad: Check = { id: "b", claim: "false", run: () => assert.fail("seen otherwise") };

test("a check that throws fails and the next one runs", async () => {
  assert.deepEqual(await tally([bad, good], ["a", "b"]), { passed: 1, failed: 1 });
});

test("a check that was expected and did not run fails the run", async () => {
  assert.deepEqual(await tally([good], ["a", "b"]), { passed: 1, failed: 1 });
});
