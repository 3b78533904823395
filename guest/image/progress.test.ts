import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { BuildProgress } from "./progress.ts";
import { StepError } from "./step-error.ts";

function progress(isTTY: boolean, signal = new AbortController().signal) {
  const said: string[] = [];
  return { said, progress: new BuildProgress({ isTTY, write: (text) => said.push(text) }, "/cache", signal) };
}

/** A step that takes `ms` of mocked time. */
async function take(t: TestContext, step: BuildProgress, ms: number) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  await step.step("build it", async () => {
    for (let passed = 0; passed < ms; passed += 100) t.mock.timers.tick(100);
  });
}

test("a fast step says nothing", async (t) => {
  const { said, progress: step } = progress(false);
  await take(t, step, 1900);
  assert.deepEqual(said, []);
});

test("a slow step says when it has become slow and when it is done, one line each", async (t) => {
  const { said, progress: step } = progress(false);
  await take(t, step, 9000);
  assert.match(said.join(""), /^piwork image: build it …\npiwork image: build it: [\d.]+ s\n$/);
});

test("on a terminal one line is drawn over and over", async (t) => {
  const { said, progress: step } = progress(true);
  await take(t, step, 5000);
  const lines = said.join("").split("\n");
  assert.equal(lines.length, 2);
  assert.equal(lines[0]?.split("\r").filter((line) => line.includes("…")).length, 4);
});

for (const [what, error, advice] of [
  ["a full disk", new Error("ENOSPC: no space left on device, write"), /--cache/],
  ["a tool's full disk", new Error("tar failed: tar: x: Cannot write: No space left on device"), /Free about 1 GB/],
  ["a closed directory", new Error("EACCES: permission denied, mkdir '/cache'"), /may write to/],
  ["a cause that is known", new StepError("it is gone", "Put it back."), /Put it back/],
] as const)
  test(`${what} comes out with its step and with advice`, async () => {
    const failing = progress(false).progress.step("build it", () => Promise.reject(error));
    await assert.rejects(failing, (found: StepError) => {
      assert.equal(found.step, "build it");
      assert.match(found.advice, advice);
      return true;
    });
  });

test("what fails because it was stopped says that it was stopped", async () => {
  const stop = new AbortController();
  const { progress: step } = progress(false, stop.signal);
  const failing = step.step("build it", async () => {
    stop.abort(new Error("stopped"));
    throw new Error("tar was killed");
  });
  await assert.rejects(failing, /^Error: stopped$/);
  await assert.rejects(
    step.step("next", async () => {}),
    /^Error: stopped$/,
  );
});
